import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/css/tokens.css", "utf8");
const TEXTS = [
  "ink", "ink-2", "accent", "urgency-1", "urgency-2", "urgency-3", "urgency-4",
  "sla-ok", "sla-soon", "sla-now", "sla-breached", "sla-stopped",
];
const GROUNDS = ["bg", "surface", "raised"];

function token(name: string): [string, string] {
  const pair = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css);
  if (!pair?.[1] || !pair[2]) throw new Error(`no token --${name}`);
  return [pair[1], pair[2]];
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

describe.each([
  ["light", 0],
  ["dark", 1],
] as const)("the %s theme", (_name, at) => {
  it("sets every text at 5.2:1 or better on every ground", () => {
    for (const text of TEXTS) {
      for (const ground of GROUNDS) {
        const ratio = contrast(token(text)[at], token(ground)[at]);
        expect(ratio, `${text} on ${ground}`).toBeGreaterThanOrEqual(5.2);
      }
    }
  });

  it("draws lines at 3.2:1 or better on every ground", () => {
    for (const ground of GROUNDS) {
      expect(contrast(token("line")[at], token(ground)[at]), ground).toBeGreaterThanOrEqual(3.2);
    }
  });

  it("sets the passage and the primary button's text at 4.5:1 or better", () => {
    expect(contrast(token("ink")[at], token("passage")[at])).toBeGreaterThanOrEqual(4.5);
    expect(contrast(token("on-accent")[at], token("accent")[at])).toBeGreaterThanOrEqual(4.5);
  });
});
