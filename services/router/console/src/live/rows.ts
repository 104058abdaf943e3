// The objects of the live views, by kind, and the pure fold of changes over them.
import type { Agent, Conversation, Offer, Presence } from "../api/types";

export interface Queue {
  waiting: number;
  oldest_at: string | null;
  free_agents: number;
}

export interface Kinds {
  presence: Presence;
  offer: Omit<Offer, "id">;
  conversation: Omit<Conversation, "id" | "messages" | "version">;
  queue: Queue;
  agent: Omit<Agent, "id">;
}

export type Kind = keyof Kinds;
export type Row<K extends Kind> = Kinds[K] & { type: K; id: string; version: number };
export type AnyRow = { type: string; id: string; version: number } & Record<string, unknown>;
export type Rows = ReadonlyMap<string, ReadonlyMap<string, AnyRow>>;

export type Change =
  | { type: string; id: string; version: number; set: Record<string, unknown> }
  | { type: string; id: string; removed: true };

/** All rows of a state answer, by kind and id. */
export function rowsOf(views: Record<string, readonly unknown[]>): Rows {
  const rows = new Map<string, Map<string, AnyRow>>();
  for (const row of Object.values(views).flat() as AnyRow[]) {
    const kind = rows.get(row.type) ?? new Map<string, AnyRow>();
    rows.set(row.type, kind.set(row.id, row));
  }
  return rows;
}

/** A row after one change, or nothing where it left the view; the same row when the change is not newer. */
export function changed(before: AnyRow | undefined, change: Change): AnyRow | undefined {
  if ("removed" in change) return undefined;
  if (before && before.version >= change.version) return before;
  return { ...before, ...change.set, type: change.type, id: change.id, version: change.version };
}

/** Rows after the changes. Untouched kinds and rows keep their identity; a change that is not newer is passed over. */
export function fold(rows: Rows, changes: readonly Change[]): Rows {
  const result = new Map(rows);
  const copied = new Map<string, Map<string, AnyRow>>();
  for (const change of changes) {
    const kind = copied.get(change.type) ?? new Map(result.get(change.type));
    const before = kind.get(change.id);
    const after = changed(before, change);
    if (after === before) continue;
    if (after) kind.set(change.id, after);
    else kind.delete(change.id);
    copied.set(change.type, kind);
    result.set(change.type, kind);
  }
  return result;
}
