// What a person chose for this browser: theme, and whether single letters are shortcuts.

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Without storage the choice holds until the page is left.
  }
}

export function theme(): Theme {
  const value = stored("console.theme");
  return THEMES.find((known) => known === value) ?? "auto";
}

export function setTheme(value: Theme): void {
  store("console.theme", value);
  if (value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
}

export function singleKeysOn(): boolean {
  return stored("console.keys") !== "off";
}

export function setSingleKeys(on: boolean): void {
  store("console.keys", on ? "on" : "off");
}
