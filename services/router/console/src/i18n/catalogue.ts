// The six languages, their compiled messages, and which of them a person gets.
import type { MessageFormatElement } from "react-intl";
import type english from "../locales/en.json";

export type MessageKey = keyof typeof english;
export type Messages = Record<string, MessageFormatElement[]>;

export const LANGUAGES = ["en", "de", "sv", "da", "pl", "lv"] as const;
export type Language = (typeof LANGUAGES)[number];

const STORED = "console.language";

const files: Record<Language, () => Promise<{ default: unknown }>> = {
  en: () => import("../compiled/en.json"),
  de: () => import("../compiled/de.json"),
  sv: () => import("../compiled/sv.json"),
  da: () => import("../compiled/da.json"),
  pl: () => import("../compiled/pl.json"),
  lv: () => import("../compiled/lv.json"),
};

export async function loadMessages(language: Language): Promise<Messages> {
  return (await files[language]()).default as Messages;
}

/** The first of the wishes that we speak, by its primary tag; English when none. */
export function chooseLanguage(wishes: readonly (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const primary = wish?.toLowerCase().split("-")[0];
    const known = LANGUAGES.find((language) => language === primary);
    if (known) return known;
  }
  return "en";
}

export function storedLanguage(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

export function storeLanguage(language: Language): void {
  try {
    localStorage.setItem(STORED, language);
  } catch {
    // Without storage the choice holds until the page is left.
  }
}

/** A language's name in that language, as its speakers look for it. */
export function ownName(language: Language): string {
  const name = new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language;
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}
