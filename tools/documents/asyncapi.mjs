// Validates the AsyncAPI document on standard input: exit 0 if it is sound, else 1 with every fault on a line.
import { readFileSync } from "node:fs";
import { Parser, DiagnosticSeverity } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf-8"));
const faults = diagnostics.filter((found) => found.severity <= DiagnosticSeverity.Warning);
for (const { path, message } of faults) {
  console.error(`${path.join(".") || "document"}: ${message}`);
}
process.exit(document && faults.length === 0 ? 0 : 1);
