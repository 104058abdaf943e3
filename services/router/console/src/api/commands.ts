// Everything that the console asks the server to do. A command with a key may be repeated: it happens once.
import { answer, api, keyed } from "./client";
import type { Credentials, DeclineReason, Outcome, PresenceState } from "./types";

export const signIn = (credentials: Credentials) => answer(api.POST("/api/v1/login", { body: credentials }));

export const signOut = () => answer(api.POST("/api/v1/logout"));

export const setPresence = (state: PresenceState) => answer(api.PUT("/api/v1/me/presence", { body: { state } }));

export const accept = (offer: string, key: string) =>
  answer(
    api.POST("/api/v1/offers/{offer_id}/accept", { params: { path: { offer_id: offer } }, body: {}, ...keyed(key) }),
  );

export const decline = (
  { offer, reason, note }: { offer: string; reason: DeclineReason; note: string | null },
  key: string,
) =>
  answer(
    api.POST("/api/v1/offers/{offer_id}/decline", {
      params: { path: { offer_id: offer } },
      body: { reason, note },
      ...keyed(key),
    }),
  );

export const sendMessage = ({ conversation, text }: { conversation: string; text: string }, key: string) =>
  answer(
    api.POST("/api/v1/conversations/{conversation_id}/messages", {
      params: { path: { conversation_id: conversation } },
      body: { text },
      ...keyed(key),
    }),
  );

export const complete = (
  { conversation, outcome, note }: { conversation: string; outcome: Outcome; note: string | null },
  key: string,
) =>
  answer(
    api.POST("/api/v1/conversations/{conversation_id}/complete", {
      params: { path: { conversation_id: conversation } },
      body: { outcome, note },
      ...keyed(key),
    }),
  );
