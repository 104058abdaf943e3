// Where the focus goes: into what a person entered, but not into what they only walk past with J and K.
import { type RefObject, useEffect } from "react";
import { useHistoryState } from "wouter/use-browser-location";

interface Came {
  inside: boolean;
}

/** Told with a navigation that enters. */
export const INSIDE: Came = { inside: true };

/** Focuses the heading when its page was entered. */
export function useFocusWhenEntered(heading: RefObject<HTMLElement | null>): void {
  const came = useHistoryState<Came | null>();
  useEffect(() => {
    if (!came?.inside) return undefined;
    // A dialog that closes with the same step gives its focus back first.
    const frame = requestAnimationFrame(() => heading.current?.focus());
    return () => cancelAnimationFrame(frame);
  }, [came, heading]);
}
