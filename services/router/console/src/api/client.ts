// The only caller of fetch. Every answer is data or one of two errors: Refusal (the server said no) and NoAnswer.
import createClient from "openapi-fetch";
import type { paths } from "./schema";

const COMMAND_PATIENCE_MS = 5_000;
const READ_PATIENCE_MS = 15_000;

/** The server's no: a problem document with a stable code. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly requestId: string | null,
  ) {
    super(code);
  }
}

/** Nobody answered in time, or the line is down: the same command may be sent again with the same key. */
export class NoAnswer extends Error {}

function patience(request: Request): number {
  return request.headers.has("Idempotency-Key") ? COMMAND_PATIENCE_MS : READ_PATIENCE_MS;
}

async function send(request: Request): Promise<Response> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(patience(request))]);
  try {
    return await fetch(request, { signal });
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new NoAnswer(String(error));
  }
}

export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "" : location.origin,
  credentials: "same-origin",
  headers: { "X-Console": "1" },
  fetch: send,
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

function refusal(error: unknown, response: Response): Refusal {
  const problem = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const code = typeof problem.code === "string" ? problem.code : "internal";
  const requestId = typeof problem.request_id === "string" ? problem.request_id : null;
  return new Refusal(response.status, code, requestId);
}

/** The body of a good answer; anything else is thrown. A gateway without an answer behind it counts as none. */
export async function answer<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  if (response.status === 502 || response.status === 503 || response.status === 504) {
    throw new NoAnswer(String(response.status));
  }
  throw refusal(error, response);
}

/** The header that makes a command safe to repeat. */
export function keyed(key: string): { headers: { "Idempotency-Key": string } } {
  return { headers: { "Idempotency-Key": key } };
}
