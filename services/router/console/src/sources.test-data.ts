// Our own sources, for tests that hold rules over all of them.
import { globSync, readFileSync } from "node:fs";

export interface Source {
  path: string;
  text: string;
}

/** Every module that ships: no tests, nothing made. */
export function sources(): Source[] {
  const paths = globSync("src/**/*.{ts,tsx}").filter((path) => !/\.test|schema\.d\.ts/.test(path));
  return paths.map((path) => ({ path: path.replaceAll("\\", "/"), text: readFileSync(path, "utf8") }));
}
