// Validates the Compose file on standard input by the schema of the Compose Specification (Apache-2.0, as compose-go
// 2.16.2 carries it): exit 0 if it is sound, else 1 with every fault on a line.
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import { load } from "js-yaml";

const schema = JSON.parse(readFileSync(new URL("compose-spec.json", import.meta.url), "utf-8"));
const isSound = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(schema);
const sound = isSound(load(readFileSync(0, "utf-8")));
for (const { instancePath, message, params } of isSound.errors ?? []) {
  console.error(`${instancePath || "document"}: ${message} ${JSON.stringify(params)}`);
}
process.exit(sound ? 0 : 1);
