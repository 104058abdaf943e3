// State, then events, for as long as the page wants these views; what it does when the line is cut is decided here.
import { Refusal } from "../api/client";
import type { State } from "../api/types";
import type { ServerClock } from "./clock";
import type { Store } from "./store";
import type { follow } from "./stream";

export type Line =
  | { phase: "connecting" }
  | { phase: "live" }
  | { phase: "lost"; asOf: number | null; retryAt: number };

export interface Ports {
  store: Store;
  clock: ServerClock;
  readState: (views: string, signal: AbortSignal) => Promise<State>;
  follow: typeof follow;
  /** False when the session is over; throws when nobody answers. */
  stillSignedIn: () => Promise<boolean>;
  random?: () => number;
}

const LONGEST_WAIT_MS = 30_000;

/** 1, 2, 4 … 30 s, each shortened by up to a third so that not all clients come back at once. */
export function waitBeforeTry(failures: number, random: () => number): number {
  return Math.min(LONGEST_WAIT_MS, 1000 * 2 ** failures) * (1 - random() / 3);
}

export class Connection {
  private line: Line = { phase: "connecting" };
  private listeners = new Set<() => void>();
  private wake: (() => void) | null = null;
  private heardAt: number | null = null;

  constructor(private readonly ports: Ports) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  current = (): Line => this.line;

  /** Try again at once instead of after the wait. */
  tryNow = (): void => this.wake?.();

  /** Follow the views until the signal is given; says so when the session turns out to be over. */
  async run(views: string, signal: AbortSignal, signedOut: () => void): Promise<void> {
    let position: number | null = null;
    let failures = 0;
    while (!signal.aborted) {
      try {
        position ??= await this.takeState(views, signal);
        const stream = await this.followFrom(views, position, signal);
        position = stream.ended === "resync" || stream.ended === "bye" ? null : stream.position;
        if (stream.opened) failures = 0;
        if (stream.ended === "resync" && stream.opened) continue;
        if (!signal.aborted && !(await this.ports.stillSignedIn())) return signedOut();
      } catch (error) {
        if (!signal.aborted && error instanceof Refusal && error.status === 401) return signedOut();
      }
      if (!signal.aborted) await this.rest(failures++, signal);
    }
  }

  private async takeState(views: string, signal: AbortSignal): Promise<number> {
    const state = await this.ports.readState(views, signal);
    this.ports.clock.note(state.now);
    if (!signal.aborted) this.ports.store.reset(state.views as Record<string, readonly unknown[]>);
    this.heardAt = this.ports.clock.now();
    return state.position;
  }

  private async followFrom(views: string, after: number, signal: AbortSignal) {
    const stream = { position: after, opened: false };
    const handlers = {
      opened: () => {
        stream.opened = true;
        this.say({ phase: "live" });
      },
      changed: this.ports.store.change.bind(this.ports.store),
      told: (position: number | null, serverTime: string | null) => {
        if (position !== null) stream.position = position;
        if (serverTime !== null) this.ports.clock.note(serverTime);
        this.heardAt = this.ports.clock.now();
      },
    };
    const ended = await this.ports.follow(views, after, handlers, signal);
    return { ...stream, ended };
  }

  private rest(failures: number, signal: AbortSignal): Promise<void> {
    const wait = waitBeforeTry(failures, this.ports.random ?? Math.random);
    this.say({ phase: "lost", asOf: this.heardAt, retryAt: this.ports.clock.now() + wait });
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener("abort", () => this.wake?.(), { once: true });
    });
  }

  private say(line: Line): void {
    this.line = line;
    for (const listener of this.listeners) listener();
  }
}
