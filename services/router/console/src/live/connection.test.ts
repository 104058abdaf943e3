import { describe, expect, it, vi } from "vitest";
import { Refusal } from "../api/client";
import { ServerClock } from "./clock";
import { Connection, type Ports, waitBeforeTry } from "./connection";
import { Store } from "./store";
import type { Ended } from "./stream";

/** A server whose streams end as told, one after the other; the last one stays until the signal. */
function makeConnection(ends: Ended[], ports: Partial<Ports> = {}) {
  const afters: number[] = [];
  const stop = new AbortController();
  const follow: Ports["follow"] = (_views, after, handlers, signal) => {
    afters.push(after);
    const end = ends.shift();
    handlers.opened();
    handlers.told(after + 5, null);
    if (end) return Promise.resolve(end);
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve("bye")));
  };
  const readState = vi.fn(() => Promise.resolve({ position: 100, now: "2026-03-04T09:14:02Z", views: {} }));
  const store = new Store((work) => work());
  const connection = new Connection({
    store, clock: new ServerClock(), readState, follow, stillSignedIn: () => Promise.resolve(true), ...ports,
  });
  const impatient = () => connection.current().phase === "lost" && queueMicrotask(connection.tryNow);
  connection.subscribe(impatient);
  return { connection, afters, readState, stop };
}

describe("the connection", () => {
  it("reads the state, then follows after its position", async () => {
    const { connection, afters, stop } = makeConnection([]);
    void connection.run("me", stop.signal, vi.fn());
    await vi.waitFor(() => expect(afters).toEqual([100]));
    expect(connection.current()).toEqual({ phase: "live" });
    stop.abort();
  });

  it("goes on after the last position it heard when the line was cut", async () => {
    const { connection, afters, readState, stop } = makeConnection(["error", "silent"]);
    void connection.run("me", stop.signal, vi.fn());
    await vi.waitFor(() => expect(afters).toEqual([100, 105, 110]));
    expect(readState).toHaveBeenCalledTimes(1);
    stop.abort();
  });

  it("reads the state again when the server says resync", async () => {
    const { connection, afters, readState, stop } = makeConnection(["resync"]);
    void connection.run("me", stop.signal, vi.fn());
    await vi.waitFor(() => expect(afters).toEqual([100, 100]));
    expect(readState).toHaveBeenCalledTimes(2);
    stop.abort();
  });

  it("ends when the session is over", async () => {
    const signedOut = vi.fn();
    const { connection, stop } = makeConnection(["bye"], { stillSignedIn: () => Promise.resolve(false) });
    await connection.run("me", stop.signal, signedOut);
    expect(signedOut).toHaveBeenCalledTimes(1);
  });

  it("ends when the state is refused for want of a session", async () => {
    const signedOut = vi.fn();
    const readState = () => Promise.reject(new Refusal(401, "unauthenticated", null));
    const { connection, stop } = makeConnection([], { readState });
    await connection.run("me", stop.signal, signedOut);
    expect(signedOut).toHaveBeenCalledTimes(1);
  });
});

describe("waiting before the next try", () => {
  it("doubles up to half a minute", () => {
    expect([0, 1, 2, 3, 4, 5, 9].map((failures) => waitBeforeTry(failures, () => 0))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });
  it("is shortened by up to a third, so that clients spread", () => {
    expect(waitBeforeTry(5, () => 1)).toBeCloseTo(20_000);
  });
});
