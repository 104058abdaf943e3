// One table of keys: help, hints and aria-keyshortcuts read it. Single letters act only outside fields and dialogs.
import type { MessageKey } from "../i18n/catalogue";
import { singleKeysOn } from "./settings";

interface Shortcut {
  keys: string;
  group: "everywhere" | "desk" | "live";
  label: MessageKey;
}

export const KEYS = {
  help: { keys: "?", group: "everywhere", label: "keys.help" },
  goDesk: { keys: "g d", group: "everywhere", label: "keys.go-desk" },
  goLive: { keys: "g l", group: "everywhere", label: "keys.go-live" },
  goOffer: { keys: "g o", group: "everywhere", label: "keys.go-offer" },
  presence: { keys: "s", group: "everywhere", label: "keys.presence" },
  accept: { keys: "a", group: "desk", label: "keys.accept" },
  decline: { keys: "d", group: "desk", label: "keys.decline" },
  next: { keys: "j", group: "desk", label: "keys.next" },
  previous: { keys: "k", group: "desk", label: "keys.previous" },
  open: { keys: "Enter", group: "desk", label: "keys.open" },
  reply: { keys: "r", group: "desk", label: "keys.reply" },
  send: { keys: "Control+Enter", group: "desk", label: "keys.send" },
  complete: { keys: "e", group: "desk", label: "keys.complete" },
  why: { keys: "y", group: "desk", label: "keys.why" },
  freeze: { keys: "f", group: "live", label: "keys.freeze" },
} as const satisfies Record<string, Shortcut>;

export type KeyName = keyof typeof KEYS;

/** A key as it stands on the keyboard: "A", "Ctrl+Enter". */
export function keyLabel(name: KeyName): string {
  const keys: string = KEYS[name].keys;
  if (keys.startsWith("g ")) return keys.toUpperCase();
  return keys.length === 1 ? keys.toUpperCase() : keys.replace("Control", "Ctrl");
}

/** The value of aria-keyshortcuts; nothing while single keys are off or for a sequence, which it cannot say. */
export function ariaKeys(name: KeyName): string | undefined {
  const keys: string = KEYS[name].keys;
  if (keys.includes(" ") || (keys.length === 1 && !singleKeysOn())) return undefined;
  return keys.length === 1 ? keys.toUpperCase() : keys;
}
