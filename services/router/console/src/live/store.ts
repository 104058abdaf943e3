// What the server showed, held once for the whole page. Changes of one animation frame are applied together.
import { type AnyRow, type Change, fold, type Kind, type Row, type Rows, rowsOf } from "./rows";

const NONE: readonly never[] = [];

function nextFrame(work: () => void): void {
  if (document.visibilityState === "visible") requestAnimationFrame(work);
  else setTimeout(work, 0); // a hidden page draws no frames, but its title and announcements must stay right
}

export class Store {
  private rows: Rows = new Map();
  private lists = new Map<string, readonly AnyRow[]>();
  private listeners = new Set<() => void>();
  private waiting: Change[] = [];

  constructor(private readonly schedule: (work: () => void) => void = nextFrame) {}

  /** Everything is as in this answer; changes not yet applied are older than it. */
  reset(views: Record<string, readonly unknown[]>): void {
    this.waiting = [];
    this.put(rowsOf(views));
  }

  change(changes: readonly Change[]): void {
    if (this.waiting.length === 0) this.schedule(() => this.apply());
    this.waiting.push(...changes);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** All rows of a kind; the same array until one of them changes. */
  list<K extends Kind>(kind: K): readonly Row<K>[] {
    let list = this.lists.get(kind);
    if (!list) {
      list = [...(this.rows.get(kind)?.values() ?? NONE)];
      this.lists.set(kind, list);
    }
    return list as unknown as readonly Row<K>[];
  }

  private apply(): void {
    const changes = this.waiting;
    this.waiting = [];
    this.put(fold(this.rows, changes));
  }

  private put(rows: Rows): void {
    for (const kind of this.lists.keys()) {
      if (this.rows.get(kind) !== rows.get(kind)) this.lists.delete(kind);
    }
    this.rows = rows;
    for (const listener of this.listeners) listener();
  }
}
