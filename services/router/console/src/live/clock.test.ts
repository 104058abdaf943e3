import { describe, expect, it } from "vitest";
import { fractionLeft, ServerClock, secondsLeft, slaOf } from "./clock";

const at = (seconds: number) => new Date(seconds * 1000).toISOString();

describe("the server's clock", () => {
  it("is the local one plus the median of the last five offsets", () => {
    let local = 0;
    const clock = new ServerClock(() => local);
    for (const offset of [900, 5, 5, 7, 6, 8]) clock.note(new Date(local + offset).toISOString());
    local = 1_000;
    expect(clock.now()).toBe(1_006);
  });

  it("passes over what is no time", () => {
    const clock = new ServerClock(() => 5);
    clock.note("soon");
    expect(clock.now()).toBe(5);
  });
});

describe("a countdown", () => {
  it("counts the running second as a whole and stops at zero", () => {
    expect(secondsLeft(at(0), at(60), 500)).toBe(60);
    expect(secondsLeft(at(0), at(60), 59_999)).toBe(1);
    expect(secondsLeft(at(0), at(60), 61_000)).toBe(0);
  });

  it("never shows more than was given, whatever the clocks say", () => {
    expect(secondsLeft(at(0), at(60), -900)).toBe(60);
  });

  it("is drawn from full to empty, never beyond", () => {
    expect(fractionLeft(at(0), at(60), 15_000)).toBe(0.75);
    expect(fractionLeft(at(0), at(60), -5_000)).toBe(1);
    expect(fractionLeft(at(0), at(60), 99_000)).toBe(0);
    expect(fractionLeft(at(60), at(60), 0)).toBe(0);
  });
});

describe("a due time", () => {
  it.each([
    [0, "ok"],
    [74, "ok"],
    [75, "soon"],
    [90, "now"],
    [100, "breached"],
  ] as const)("after %i of 100 seconds is %s", (passed, sla) => {
    expect(slaOf(at(0), at(100), passed * 1000)).toBe(sla);
  });
});
