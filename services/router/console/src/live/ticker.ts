// One timer for every figure that moves with the second; it stands still while nobody looks.

export class Ticker {
  private now: number;
  private timer: number | null = null;
  private listeners = new Set<() => void>();

  constructor(private readonly clock: () => number) {
    this.now = clock();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.start();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.stop();
    };
  };

  current = (): number => this.now;

  private start(): void {
    this.now = this.clock();
    this.timer = window.setInterval(() => {
      this.now = this.clock();
      for (const listener of this.listeners) listener();
    }, 1000);
  }

  private stop(): void {
    if (this.timer !== null) window.clearInterval(this.timer);
    this.timer = null;
  }
}
