// Codes that the server sends, as words. A code that we do not know is shown as it is.
import { type IntlShape, useIntl } from "react-intl";

/** Groups of codes that have a word each in the catalogue, as `<group>.<code>`. */
export const GROUPS = [
  "channel",
  "declined",
  "excluded",
  "outcome",
  "presence",
  "problem",
  "role",
  "topic",
  "urgency",
  "withdrawn",
] as const;
export type Group = (typeof GROUPS)[number];

export interface Words {
  of: (group: Group, code: string | number) => string;
  language: (code: string) => string;
  topic: (code: string) => string;
  skill: (code: string) => string;
}

function known(intl: IntlShape, group: Group, code: string): string | null {
  const key = `${group}.${code}`;
  return key in intl.messages ? intl.formatMessage({ id: key }) : null;
}

function languageName(intl: IntlShape, code: string): string {
  if (code === "und") return intl.formatMessage({ id: "language.unknown" });
  try {
    return intl.formatDisplayName(code, { type: "language" }) ?? code;
  } catch {
    return code;
  }
}

/** `billing.card-discrepancy` has the word of its closest ancestor that we know, else its code. */
function topicName(intl: IntlShape, code: string): string {
  return known(intl, "topic", code) ?? known(intl, "topic", code.split(".")[0] ?? code) ?? code;
}

export function wordsOf(intl: IntlShape): Words {
  return {
    of: (group, code) => known(intl, group, String(code)) ?? String(code),
    language: (code) => languageName(intl, code),
    topic: (code) => topicName(intl, code),
    skill: (code) => {
      if (code.startsWith("language.")) return languageName(intl, code.slice("language.".length));
      if (code.startsWith("topic.")) return topicName(intl, code.slice("topic.".length));
      return code;
    },
  };
}

export function useWords(): Words {
  return wordsOf(useIntl());
}
