// What a conversation is called: its subject, else how it begins; and whom it is with.
import type { Conversation } from "../api/types";

const LONGEST = 90;

interface Titled {
  work_item: Conversation["work_item"];
  messages?: Conversation["messages"];
}

export function titleOf(conversation: Titled, untitled: string): string {
  const subject = conversation.work_item?.subject?.trim();
  if (subject) return subject;
  const first = conversation.messages?.[0]?.text.trim().replace(/\s+/g, " ");
  if (!first) return untitled;
  return first.length > LONGEST ? `${first.slice(0, LONGEST).trimEnd()}…` : first;
}

/** Whom the agent deals with: a name, else the address or number they wrote from. */
export function contactName(contact: Conversation["contact"], unknown: string): string {
  return contact?.name ?? contact?.email ?? contact?.phone ?? contact?.handle ?? unknown;
}
