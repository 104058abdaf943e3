import { describe, expect, it } from "vitest";
import { type Change, fold, rowsOf } from "./rows";

const before = rowsOf({
  "board.queues": [
    { type: "queue", id: "a", version: 3, waiting: 1 },
    { type: "queue", id: "b", version: 1, waiting: 2 },
  ],
  me: [{ type: "presence", id: "p", version: 1, state: "away" }],
});

describe("folding changes over rows", () => {
  it("sets what changed and keeps the rest of the row", () => {
    const after = fold(before, [{ type: "queue", id: "a", version: 4, set: { oldest_at: "now" } }]);
    expect(after.get("queue")?.get("a")).toEqual({ type: "queue", id: "a", version: 4, waiting: 1, oldest_at: "now" });
  });

  it("passes over a change that is not newer", () => {
    const after = fold(before, [{ type: "queue", id: "a", version: 3, set: { waiting: 9 } }]);
    expect(after.get("queue")).toBe(before.get("queue"));
  });

  it("takes in a new row whole and lets a removed one go", () => {
    const changes: Change[] = [
      { type: "queue", id: "c", version: 1, set: { waiting: 5 } },
      { type: "queue", id: "b", removed: true },
    ];
    expect([...(fold(before, changes).get("queue")?.keys() ?? [])]).toEqual(["a", "c"]);
  });

  it("leaves the rows that no change names as they are, and never alters what it was given", () => {
    const after = fold(before, [{ type: "queue", id: "b", version: 2, set: { waiting: 3 } }]);
    expect(after.get("presence")).toBe(before.get("presence"));
    expect(after.get("queue")?.get("a")).toBe(before.get("queue")?.get("a"));
    expect(before.get("queue")?.get("b")?.waiting).toBe(2);
  });

  it("comes to the same rows one by one and all at once", () => {
    const changes: Change[] = [
      { type: "queue", id: "a", version: 4, set: { waiting: 2 } },
      { type: "queue", id: "a", version: 5, set: { waiting: 3 } },
      { type: "queue", id: "b", removed: true },
      { type: "queue", id: "b", version: 1, set: { waiting: 7 } },
    ];
    const singly = changes.reduce((rows, change) => fold(rows, [change]), before);
    expect(fold(before, changes)).toEqual(singly);
  });
});
