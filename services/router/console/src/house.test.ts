import { globSync, readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { type Source, sources } from "./sources.test-data";

const all = sources();
const WORD = /\p{L}{2,}/u;
const SPOKEN = new Set(["aria-label", "alt", "placeholder", "title", "label"]);

/** Text and spoken attributes that stand in the markup instead of the catalogue. */
function words({ path, text }: Source): string[] {
  const found: string[] = [];
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  function visit(node: ts.Node): void {
    if (ts.isJsxText(node) && WORD.test(node.text)) found.push(node.text.trim());
    if (ts.isJsxAttribute(node) && node.initializer && ts.isStringLiteral(node.initializer)) {
      if (SPOKEN.has(node.name.getText()) && WORD.test(node.initializer.text)) found.push(node.initializer.text);
    }
    node.forEachChild(visit);
  }
  visit(file);
  return found;
}

function using(pattern: RegExp): string[] {
  return all.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
}

describe("the house", () => {
  it("keeps every word in the catalogue", () => {
    for (const source of all) expect([source.path, words(source)]).toEqual([source.path, []]);
  });

  it("finds a word outside the catalogue", () => {
    expect(words({ path: "x.tsx", text: '<b title="Oops">Hello</b>' })).toEqual(["Oops", "Hello"]);
  });

  it("calls fetch in one place and opens event streams in one", () => {
    expect(using(/\bfetch\(/)).toEqual(["src/api/client.ts"]);
    expect(using(/new EventSource/)).toEqual(["src/live/stream.ts"]);
  });

  it("never writes markup as text", () => {
    expect(
      using(/innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|srcdoc|\beval\(|document\.write|new Function/),
    ).toEqual([]);
  });

  it("imports downwards only: shell, pages, parts, then api, live and i18n", () => {
    const rank: Record<string, number> = { api: 0, live: 0, i18n: 0, locales: 0, compiled: 0, parts: 1, pages: 2, shell: 3 };
    for (const { path, text } of all) {
      const own = rank[path.split("/")[1] ?? ""] ?? 0;
      const upward = [...text.matchAll(/from "\.\.\/(\w+)\//g)].filter((match) => (rank[match[1] ?? ""] ?? 0) > own);
      expect([path, upward.map((match) => match[0])]).toEqual([path, []]);
    }
  });

  it("has no file over 300 lines", () => {
    const styles = globSync("src/css/*.css").map((path) => ({ path, text: readFileSync(path, "utf8") }));
    const long = [...all, ...styles].filter(({ text }) => text.split("\n").length > 300);
    expect(long.map(({ path }) => path)).toEqual([]);
  });
});
