import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sources } from "../sources.test-data";
import { chooseLanguage, LANGUAGES, ownName } from "./catalogue";
import { GROUPS } from "./words";

const PLURAL = 6;
const POUND = 7;

interface Element {
  type: number;
  value: string;
  options?: Record<string, { value: Element[] }>;
}

function compiled(language: string): Record<string, Element[]> {
  return JSON.parse(readFileSync(`src/compiled/${language}.json`, "utf8"));
}

function walk(elements: readonly Element[]): Element[] {
  return elements.flatMap((element) => {
    const inner = Object.values(element.options ?? {}).flatMap((option) => walk(option.value));
    return [element, ...inner];
  });
}

function slots(elements: readonly Element[]): string[] {
  const named = walk(elements).filter(({ type }) => type !== 0 && type !== POUND);
  return [...new Set(named.map(({ type, value }) => `${value} (${type})`))].sort();
}

const english = compiled("en");
const keys = Object.keys(english).sort();

describe.each(LANGUAGES)("the catalogue in %s", (language) => {
  const messages = compiled(language);

  it("has the keys of the English one", () => {
    expect(Object.keys(messages).sort()).toEqual(keys);
  });

  it("has the same slots of the same kinds in each message", () => {
    for (const key of keys) expect([key, slots(messages[key] ?? [])]).toEqual([key, slots(english[key] ?? [])]);
  });

  it("has exactly the plural forms of the language", () => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    for (const [key, elements] of Object.entries(messages)) {
      for (const element of walk(elements).filter(({ type }) => type === PLURAL)) {
        expect([key, Object.keys(element.options ?? {}).sort()]).toEqual([key, forms]);
      }
    }
  });

  it("names itself", () => {
    expect(ownName(language)).toMatch(/^\p{Lu}\p{Ll}+$/u);
  });
});

describe("keys", () => {
  const code = sources().map(({ text }) => text).join("\n");
  const literal = new Set([...code.matchAll(/["'`]([a-z][a-z.-]*[a-z])["'`]/g)].map((match) => match[1]));
  const templates = [...code.matchAll(/text\(`([a-z.-]+)\$\{/g)].map((match) => match[1] ?? "");
  const groups = GROUPS.map((group) => `${group}.`);

  it("are all used", () => {
    const unused = keys.filter((key) => !literal.has(key) && ![...groups, ...templates].some((p) => key.startsWith(p)));
    expect(unused).toEqual([]);
  });

  it("of every group of codes exist", () => {
    for (const group of groups) expect(keys.some((key) => key.startsWith(group))).toBe(true);
  });
});

describe("the language of a person", () => {
  it("is the first wish that we speak", () => {
    expect(chooseLanguage([null, "fr-FR", "pl-PL", "de"])).toBe("pl");
  });
  it("is English when we speak none of them", () => {
    expect(chooseLanguage(["fi", undefined])).toBe("en");
  });
});
