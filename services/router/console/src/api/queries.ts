// What is read once and kept: who I am, one conversation, one decision.
import { queryOptions } from "@tanstack/react-query";
import { answer, api, Refusal } from "./client";
import type { Conversation, Decision, Me, Offer, State } from "./types";

async function whoAmI(): Promise<Me | null> {
  try {
    return await answer(api.GET("/api/v1/me"));
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) return null;
    throw error;
  }
}

/** The signed-in person, or null. */
export const me = queryOptions({ queryKey: ["me"], queryFn: whoAmI, staleTime: Infinity });

export const conversation = (id: string) =>
  queryOptions({
    queryKey: ["conversation", id],
    queryFn: async ({ signal }) => {
      const path = { conversation_id: id };
      const found = await answer(api.GET("/api/v1/conversations/{conversation_id}", { params: { path }, signal }));
      return found as Conversation;
    },
  });

/** A decision never changes once written. */
export const decision = (id: string) =>
  queryOptions({
    queryKey: ["decision", id],
    queryFn: async ({ signal }) => {
      const path = { decision_id: id };
      const found = await answer(api.GET("/api/v1/decisions/{decision_id}", { params: { path }, signal }));
      return found as unknown as Decision;
    },
    staleTime: Infinity,
  });

export function readState(views: string, signal: AbortSignal): Promise<State> {
  return answer(api.GET("/api/v1/state", { params: { query: { views } }, signal }));
}

/** One of the latest offers to me, whatever became of it. */
export async function latestOffer(id: string): Promise<Offer | undefined> {
  const { items } = await answer(api.GET("/api/v1/offers", { params: { query: { limit: 50 } } }));
  return items.find((offer) => offer.id === id);
}
