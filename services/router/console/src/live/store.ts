// What the server showed, held once for the whole page. Changes of one animation frame are applied together.
import { type AnyRow, type Change, changed, fold, type Kind, type Row, type Rows, rowsOf } from "./rows";

const NONE: readonly never[] = [];

/** One row before and after a change; undefined where it was not, or is no longer, in the view. */
type Watcher = (was: AnyRow | undefined, is: AnyRow | undefined) => void;

function nextFrame(work: () => void): void {
  if (document.visibilityState === "visible") requestAnimationFrame(work);
  else setTimeout(work, 0); // a hidden page draws no frames, but its title and announcements must stay right
}

export class Store {
  private rows: Rows = new Map();
  private lists = new Map<string, readonly AnyRow[]>();
  private listeners = new Set<() => void>();
  private watchers = new Map<string, Set<Watcher>>();
  private waiting: Change[] = [];

  constructor(private readonly schedule: (work: () => void) => void = nextFrame) {}

  /** Everything is as in this answer; changes not yet applied are older than it. */
  reset(views: Record<string, readonly unknown[]>): void {
    this.waiting = [];
    const before = this.rows;
    this.put(rowsOf(views));
    for (const [kind, watchers] of this.watchers) {
      const [was, is] = [before.get(kind), this.rows.get(kind)];
      const ids = new Set([...(was?.keys() ?? NONE), ...(is?.keys() ?? NONE)]);
      for (const id of ids) for (const tell of watchers) tell(was?.get(id), is?.get(id));
    }
  }

  change(changes: readonly Change[]): void {
    if (this.waiting.length === 0) this.schedule(() => this.apply());
    this.waiting.push(...changes);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Every single change of a kind, also those that one frame would show as one; the rows there are come first. */
  watch<K extends Kind>(kind: K, watcher: (was: Row<K> | undefined, is: Row<K> | undefined) => void): () => void {
    const watchers = this.watchers.get(kind) ?? new Set();
    this.watchers.set(kind, watchers.add(watcher as unknown as Watcher));
    for (const row of this.list(kind)) watcher(undefined, row);
    return () => watchers.delete(watcher as unknown as Watcher);
  }

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
    const before = this.rows;
    this.put(fold(before, changes));
    this.tellSteps(before, changes);
  }

  private tellSteps(before: Rows, changes: readonly Change[]): void {
    const seen = new Map<string, AnyRow | undefined>();
    for (const change of changes.filter(({ type }) => this.watchers.get(type)?.size)) {
      const name = `${change.type} ${change.id}`;
      const was = seen.has(name) ? seen.get(name) : before.get(change.type)?.get(change.id);
      const is = changed(was, change);
      seen.set(name, is);
      if (was !== is) for (const tell of this.watchers.get(change.type) ?? NONE) tell(was, is);
    }
  }

  private put(rows: Rows): void {
    for (const kind of this.lists.keys()) {
      if (this.rows.get(kind) !== rows.get(kind)) this.lists.delete(kind);
    }
    this.rows = rows;
    for (const listener of this.listeners) listener();
  }
}
