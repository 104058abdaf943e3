// Outlines of 20 × 20, drawn with the colour of the text. Decorative: the word always stands beside them.
import type { ReactNode } from "react";

const PATHS = {
  email: <path d="M2.5 5h15v10.5h-15zM3 5.5l7 5.5 7-5.5" />,
  chat: <path d="M3 4h14v9.5H9L5.5 16.5v-3H3z" />,
  voicemail: <path d="M5.5 12.5a3 3 0 1 1 0-6 3 3 0 0 1 0 6zm9 0a3 3 0 1 1 0-6 3 3 0 0 1 0 6zm-9 0h9" />,
  desk: <path d="M10 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 17c0-3.3 2.7-5.5 6-5.5s6 2.2 6 5.5" />,
  web: <path d="M3 4h14v12H3zM3 7.5h14M6.5 11h7M6.5 13.5h4" />,
  api: <path d="m7 6-4 4 4 4m6-8 4 4-4 4" />,
  check: <path d="m4 10.5 4 4 8-9" />,
  cross: <path d="m5 5 10 10M15 5 5 15" />,
  down: <path d="m5.5 8 4.5 4.5L14.5 8" />,
  up: <path d="m5.5 12 4.5-4.5 4.5 4.5" />,
  back: <path d="M12 4.5 6.5 10l5.5 5.5" />,
  help: <path d="M7.5 7.5a2.5 2.5 0 1 1 3.7 2.2c-.8.5-1.2.9-1.2 1.8m0 2.6v.4" />,
  pause: <path d="M7 4.5v11m6-11v11" />,
  play: <path d="M6.5 4.5v11l9-5.5z" />,
  why: <path d="M10 17.5v-5m0 0L4.5 7.5m5.5 5 5.5-5M4.5 7.5V3m11 4.5V3M10 12.5V3" />,
  inbox: <path d="M3 11 5.5 4h9L17 11v5H3zm0 0h4l1 2h4l1-2h4" />,
  clock: <path d="M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zm0-11v4l2.5 2" />,
} as const satisfies Record<string, ReactNode>;

export type IconName = keyof typeof PATHS;

export function isIcon(name: string): name is IconName {
  return name in PATHS;
}

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {PATHS[name]}
    </svg>
  );
}

/** The product's mark: many ways in, one way on. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M6 9h4c6 0 5 7 11 7h5M6 23h4c6 0 5-7 11-7M6 16h15m1-4 4 4-4 4" />
    </svg>
  );
}
