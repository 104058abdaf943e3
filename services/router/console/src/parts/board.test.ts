import { describe, expect, it } from "vitest";
import { type Column, sorted } from "./board";
import { KEYS } from "./keys";

const columns: Column<{ id: string; n: number }>[] = [
  { id: "n", title: "", cell: () => null, order: (a, b) => a.n - b.n },
];
const rows = [
  { id: "a", n: 2 },
  { id: "b", n: 1 },
  { id: "c", n: 3 },
];

describe("a board", () => {
  it("sorts by a column, and with a minus the other way round", () => {
    expect(sorted(rows, columns, "n").map((row) => row.id)).toEqual(["b", "a", "c"]);
    expect(sorted(rows, columns, "-n").map((row) => row.id)).toEqual(["c", "a", "b"]);
  });
  it("keeps the order as it came for a column it does not have", () => {
    expect(sorted(rows, columns, "elsewhere")).toEqual(rows);
  });
});

describe("the table of keys", () => {
  it("gives each key one meaning", () => {
    const keys = Object.values(KEYS).map(({ keys }) => keys);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
