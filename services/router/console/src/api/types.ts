// What the server answers, by the words of the domain. All of it follows from openapi.json.
import type { paths } from "./schema";

type Body<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  responses: { 200: { content: { "application/json": infer B } } };
}
  ? B
  : never;

type Sent<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  requestBody: { content: { "application/json": infer B } };
}
  ? B
  : never;

export type Credentials = Sent<"/api/v1/login", "post">;
export type Me = Body<"/api/v1/me", "get">;
export type Role = Me["roles"][number];
export type Presence = Body<"/api/v1/me/presence", "put">;
export type PresenceState = Presence["state"];
export type Offer = Body<"/api/v1/offers", "get">["items"][number];
export type DeclineReason = Sent<"/api/v1/offers/{offer_id}/decline", "post">["reason"];
type ConversationBody = Body<"/api/v1/conversations/{conversation_id}", "get">;
export type Message = ConversationBody["messages"][number];
export type WorkItem = Omit<NonNullable<ConversationBody["work_item"]>, "classification"> & {
  classification: Classification | null;
};
export type Conversation = Omit<ConversationBody, "work_item"> & { work_item: WorkItem | null };
export type Outcome = Sent<"/api/v1/conversations/{conversation_id}/complete", "post">["outcome"];
type DecisionBody = Body<"/api/v1/decisions/{decision_id}", "get">;
export type Decision = Omit<DecisionBody, "rule_trace" | "chosen" | "candidates"> & {
  rule_trace: RuleSaid[];
  chosen: Candidate | null;
  candidates: Candidate[];
};
export type Agent = Body<"/api/v1/agents", "get">["items"][number];
export type State = Body<"/api/v1/state", "get">;

// Objects that the document leaves open, because their parts grow: what of them is shown here.

interface Label<V> {
  value: V;
  confidence: number | null;
}

export interface Classification {
  topic: Label<string>;
  language: Label<string>;
  urgency: Label<number>;
  passage: string | null;
}

export interface RuleSaid {
  rule: string;
  matched: boolean;
}

export interface Candidate {
  agent_id: string;
  score: number;
  name?: string;
  load?: number;
  capacity?: number;
  /** The agent's levels of the skills that were asked for. */
  levels?: Record<string, number>;
}
