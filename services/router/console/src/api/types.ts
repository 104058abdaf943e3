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
export type Conversation = Body<"/api/v1/conversations/{conversation_id}", "get">;
export type Message = Conversation["messages"][number];
export type WorkItem = NonNullable<Conversation["work_item"]>;
export type Outcome = Sent<"/api/v1/conversations/{conversation_id}/complete", "post">["outcome"];
export type Decision = Body<"/api/v1/decisions/{decision_id}", "get">;
export type Agent = Body<"/api/v1/agents", "get">["items"][number];
export type State = Body<"/api/v1/state", "get">;
