// The server's time, as well as this page can know it, and what a countdown draws from it.

const SAMPLES = 5;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Local clock plus the median offset of the last five times that the server told. */
export class ServerClock {
  private offsets: number[] = [];

  constructor(private readonly local: () => number = Date.now) {}

  note(serverTime: string): void {
    const time = Date.parse(serverTime);
    if (Number.isNaN(time)) return;
    this.offsets = [...this.offsets, time - this.local()].slice(-SAMPLES);
  }

  now = (): number => this.local() + median(this.offsets);
}

/** Whole seconds of the span still to come; the last second counts until it is over, and no clock makes it longer. */
export function secondsLeft(start: string, deadline: string, now: number): number {
  const left = Math.min(Date.parse(deadline) - now, Date.parse(deadline) - Date.parse(start));
  return Math.max(0, Math.ceil(left / 1000));
}

/** The part of the span that is still to come, from 1 to 0. */
export function fractionLeft(start: string, deadline: string, now: number): number {
  const span = Date.parse(deadline) - Date.parse(start);
  if (!(span > 0)) return 0;
  return Math.min(1, Math.max(0, (Date.parse(deadline) - now) / span));
}

export type Sla = "ok" | "soon" | "now" | "breached";

/** How a due time stands: a quarter left is soon, a tenth left is now. */
export function slaOf(start: string, due: string, now: number): Sla {
  if (Date.parse(due) <= now) return "breached";
  const left = fractionLeft(start, due, now);
  if (left <= 0.1) return "now";
  return left <= 0.25 ? "soon" : "ok";
}
