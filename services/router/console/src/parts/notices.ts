// Short news for the person: shown as toasts by the shell, said once by screen readers.
import { announce } from "./announce";

export interface Notice {
  id: number;
  text: string;
  again?: { label: string; act: () => void };
}

const SHOWN_MS = 10_000;

let notices: readonly Notice[] = [];
let last = 0;
const listeners = new Set<() => void>();

function put(next: readonly Notice[]): void {
  notices = next;
  for (const listener of listeners) listener();
}

export function notify(text: string, again?: Notice["again"]): void {
  last += 1;
  const id = last;
  put([...notices, { id, text, again }].slice(-3));
  announce(text);
  window.setTimeout(() => dismiss(id), SHOWN_MS);
}

export function dismiss(id: number): void {
  put(notices.filter((notice) => notice.id !== id));
}

export function subscribeNotices(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function currentNotices(): readonly Notice[] {
  return notices;
}
