import { describe, expect, it, vi } from "vitest";
import { Store } from "./store";

function makeStore() {
  const frames: (() => void)[] = [];
  const store = new Store((work) => frames.push(work));
  return { store, frame: () => frames.splice(0).forEach((work) => work()) };
}

const offer = { type: "offer", id: "o", version: 1, state: "open" };

describe("the store", () => {
  it("applies all changes of a frame at once and tells its listeners once", () => {
    const { store, frame } = makeStore();
    store.reset({ desk: [offer] });
    const listener = vi.fn();
    store.subscribe(listener);
    store.change([{ type: "offer", id: "o", version: 2, set: { state: "lapsed" } }]);
    store.change([{ type: "offer", id: "p", version: 1, set: { state: "open" } }]);
    expect(listener).not.toHaveBeenCalled();
    frame();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(store.list("offer").map((row) => row.state)).toEqual(["lapsed", "open"]);
  });

  it("gives the same list until a row of its kind changes", () => {
    const { store, frame } = makeStore();
    store.reset({ desk: [offer] });
    const list = store.list("offer");
    store.change([{ type: "queue", id: "q", version: 1, set: {} }]);
    frame();
    expect(store.list("offer")).toBe(list);
  });

  it("shows a watcher each step, also one that the same frame takes back", () => {
    const { store, frame } = makeStore();
    store.reset({ desk: [offer] });
    const steps: (string | undefined)[] = [];
    store.watch("offer", (_was, is) => steps.push(is?.state));
    store.change([
      { type: "offer", id: "o", version: 2, set: { state: "withdrawn" } },
      { type: "offer", id: "o", removed: true },
    ]);
    frame();
    expect(steps).toEqual(["open", "withdrawn", undefined]);
    expect(store.list("offer")).toEqual([]);
  });

  it("shows a watcher what a new state has and has not", () => {
    const { store } = makeStore();
    store.reset({ desk: [offer] });
    const watcher = vi.fn();
    store.watch("offer", watcher);
    store.reset({ desk: [] });
    expect(watcher).toHaveBeenLastCalledWith(offer, undefined);
  });
});
