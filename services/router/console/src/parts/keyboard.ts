// Hears the keys of the table and calls whoever wants them. The shell starts it once.
import { useEffect, useRef } from "react";
import { KEYS, type KeyName } from "./keys";
import { singleKeysOn } from "./settings";

const SEQUENCE_MS = 1_500;
const FIELDS = "input, textarea, select, [contenteditable=true], [role=dialog], [role=menu], [role=listbox]";

const wanted = new Map<KeyName, (() => void)[]>();

/** Single letters are the agent's, but never those typed into a field, a menu or a dialog. */
function isFree(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return false;
  return singleKeysOn() && !(event.target instanceof Element && event.target.closest(FIELDS));
}

function nameOf(keys: string): KeyName | undefined {
  return (Object.keys(KEYS) as KeyName[]).find((name) => KEYS[name].keys === keys);
}

/** Starts to listen; the answer stops it. */
export function hearKeys(): () => void {
  let prefixAt = Number.NEGATIVE_INFINITY;

  function onKeyDown(event: KeyboardEvent): void {
    if (!isFree(event)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const sequence = event.timeStamp - prefixAt < SEQUENCE_MS;
    prefixAt = key === "g" ? event.timeStamp : Number.NEGATIVE_INFINITY;
    const name = nameOf(sequence ? `g ${key}` : key);
    const act = name && wanted.get(name)?.at(-1);
    if (!act) return;
    event.preventDefault();
    act();
  }

  document.addEventListener("keydown", onKeyDown);
  return () => document.removeEventListener("keydown", onKeyDown);
}

/** Calls back while the part is on the screen and the key is wanted; the part drawn last wins. */
export function useKey(name: KeyName, act: () => void, want = true): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!want) return undefined;
    const call = () => latest.current();
    wanted.set(name, [...(wanted.get(name) ?? []), call]);
    return () => {
      wanted.set(name, (wanted.get(name) ?? []).filter((other) => other !== call));
    };
  }, [name, want]);
}
