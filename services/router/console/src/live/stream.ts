// The only EventSource. It never reconnects by itself: who follows the stream decides when and from where.
import type { Change } from "./rows";

export type Ended = "resync" | "bye" | "error" | "silent";

interface Handlers {
  opened: () => void;
  changed: (changes: readonly Change[]) => void;
  told: (position: number | null, serverTime: string | null) => void;
}

const SILENCE_MS = 35_000;

function parsed(event: MessageEvent<string>): Record<string, unknown> {
  return event.data ? (JSON.parse(event.data) as Record<string, unknown>) : {};
}

function tell(event: MessageEvent<string>, data: Record<string, unknown>, handlers: Handlers): void {
  const time = data.at ?? data.now;
  const position = event.lastEventId === "" ? null : Number(event.lastEventId);
  handlers.told(position, typeof time === "string" ? time : null);
}

/** Follow the views after a position until the stream ends, for whichever reason, or the signal is given. */
export function follow(views: string, after: number, handlers: Handlers, signal: AbortSignal): Promise<Ended> {
  return new Promise((resolve) => {
    const query = new URLSearchParams({ views, after: String(after) });
    const source = new EventSource(`/api/v1/events?${query}`);
    let silence = window.setTimeout(() => end("silent"), SILENCE_MS);

    function end(reason: Ended): void {
      window.clearTimeout(silence);
      source.close();
      resolve(reason);
    }
    function heard(): void {
      window.clearTimeout(silence);
      silence = window.setTimeout(() => end("silent"), SILENCE_MS);
    }

    source.onopen = () => {
      heard();
      handlers.opened();
    };
    source.addEventListener("change", (event: MessageEvent<string>) => {
      heard();
      const data = parsed(event);
      handlers.changed((data.changes ?? []) as Change[]);
      tell(event, {}, handlers);
    });
    source.addEventListener("beat", (event: MessageEvent<string>) => {
      heard();
      tell(event, parsed(event), handlers);
    });
    source.addEventListener("resync", () => end("resync"));
    source.addEventListener("bye", () => end("bye"));
    source.onerror = () => end("error");
    signal.addEventListener("abort", () => end("bye"), { once: true });
  });
}
