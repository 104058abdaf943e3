// The messages of a conversation, oldest first, each in its own language; the passage that decided is marked.
import { useEffect, useRef } from "react";
import type { Message } from "../api/types";
import { useText } from "../i18n/text";
import { useTimes } from "../i18n/time";
import { useNow } from "../live/live";

interface Props {
  messages: readonly Message[];
  /** Of the customer's words, as far as it is known. */
  language: string | undefined;
  passage: string | null;
  /** New messages are read out: for chats, where they arrive while the agent looks. */
  live: boolean;
}

function Words({ text, passage }: { text: string; passage: string | null }) {
  const at = passage ? text.indexOf(passage) : -1;
  if (!passage || at < 0) return text;
  return (
    <>
      {text.slice(0, at)}
      <mark>{passage}</mark>
      {text.slice(at + passage.length)}
    </>
  );
}

function Bubble({ message, language, passage }: { message: Message; language?: string; passage: string | null }) {
  const text = useText();
  const times = useTimes();
  const customer = message.from === "customer";
  const name = message.name ?? text(customer ? "contact.unknown" : "item.agent");
  return (
    <li className={customer ? "message" : "message own"}>
      <p className="meta">
        <strong>
          <bdi>{name}</bdi>
        </strong>
        <time dateTime={message.at}>{times.moment(message.at, useNow())}</time>
      </p>
      <p className="message-text" dir="auto" lang={customer && language !== "und" ? language : undefined}>
        <Words text={message.text} passage={customer ? passage : null} />
      </p>
    </li>
  );
}

export function Thread({ messages, language, passage, live }: Props) {
  const text = useText();
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (messages.length > 1) end.current?.scrollIntoView({ block: "nearest" });
  }, [messages.length]);
  return (
    <div className="thread" role={live ? "log" : "region"} aria-label={text("item.thread")} tabIndex={0}>
      <ol>
        {messages.map((message) => (
          <Bubble
            key={message.id}
            message={message}
            language={message.language ?? language}
            passage={passage}
          />
        ))}
      </ol>
      <div ref={end} />
    </div>
  );
}
