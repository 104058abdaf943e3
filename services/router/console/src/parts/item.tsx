// One conversation in the centre: preview while it is offered, work once it is mine.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { conversation as conversationQuery, me as meQuery } from "../api/queries";
import type { Conversation } from "../api/types";
import { useText } from "../i18n/text";
import { useTimes } from "../i18n/time";
import { useWords } from "../i18n/words";
import { useNow, useRows } from "../live/live";
import { ChannelName, FirstResponse, LanguageName, Urgency } from "./badges";
import { Button } from "./button";
import { CompleteDialog } from "./complete";
import { Composer } from "./composer";
import { useFocusWhenEntered } from "./entered";
import { Icon } from "./icons";
import { useKey } from "./keyboard";
import { Loading, Trouble } from "./states";
import { Thread } from "./thread";
import { contactName, titleOf } from "./title";

const PREVIEW_REFRESH_MS = 5_000;

/** The conversation with its messages, read again whenever the live view shows a newer version. */
export function useConversation(id: string) {
  const queries = useQueryClient();
  const row = useRows("conversation").find((candidate) => candidate.id === id);
  const query = useQuery({ ...conversationQuery(id), refetchInterval: row ? false : PREVIEW_REFRESH_MS });
  const seen = query.data?.version;
  const newest = row?.version;
  useEffect(() => {
    if (newest !== undefined && seen !== undefined && newest > seen) {
      void queries.invalidateQueries({ queryKey: ["conversation", id] });
    }
  }, [queries, id, newest, seen]);
  return query;
}

interface Props {
  id: string;
  why: boolean;
  onWhy: () => void;
  onCompleted: () => void;
}

export function Item({ id, ...props }: Props) {
  const { data, error, refetch } = useConversation(id);
  if (error) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return <Opened conversation={data} {...props} />;
}

function Heading({ conversation }: { conversation: Conversation }) {
  const text = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  const item = conversation.work_item;
  useFocusWhenEntered(heading);
  return (
    <header className="item-head">
      <Link href="/desk" className="back">
        <Icon name="back" />
        <span>{text("item.back")}</span>
      </Link>
      <h1 id="item-heading" ref={heading} tabIndex={-1} dir="auto">
        {titleOf(conversation, text("item.untitled"))}
      </h1>
      <p className="facts">
        <bdi className="who">{contactName(conversation.contact, text("contact.unknown"))}</bdi>
        {item && <ChannelName channel={item.channel} />}
        {item && <LanguageName code={item.language} />}
        {item && <Urgency level={item.urgency} />}
        {item && item.state !== "completed" && <FirstResponse item={item} />}
      </p>
    </header>
  );
}

function Opened({ conversation, why, onWhy, onCompleted }: Omit<Props, "id"> & { conversation: Conversation }) {
  const text = useText();
  const words = useWords();
  const times = useTimes();
  const { data: me } = useQuery(meQuery);
  const [completing, setCompleting] = useState(false);
  const now = useNow();
  const item = conversation.work_item;
  const mine = item?.state === "assigned" && conversation.assignment?.agent_id === me?.agent_id;
  useKey("complete", () => setCompleting(true), mine);

  return (
    <article className="item" aria-labelledby="item-heading">
      <Heading conversation={conversation} />
      <Thread
        key={conversation.id}
        messages={conversation.messages}
        language={item?.language}
        passage={item?.classification?.passage ?? null}
        live={item?.channel === "chat"}
      />
      <footer className="item-foot">
        {conversation.customer_left_at && item?.state !== "completed" && (
          <p className="hint" role="status">
            {text("item.customer-left")}
          </p>
        )}
        {mine && item.channel === "chat" && (
          <Composer conversation={conversation.id} to={contactName(conversation.contact, text("contact.unknown"))} />
        )}
        {mine && item.channel !== "chat" && (
          <p className="hint">{text("reply.elsewhere", { channel: words.of("channel", item.channel) })}</p>
        )}
        {item?.state === "offered" && <p className="hint">{text("item.preview")}</p>}
        {item?.state === "completed" && (
          <p className="hint">{text("item.completed", { outcome: words.of("outcome", item.outcome ?? "resolved") })}</p>
        )}
        <div className="actions spread">
          {mine ? (
            <Button act={() => setCompleting(true)} shortcut="complete" icon="check">
              {text("complete.open")}
            </Button>
          ) : (
            item && (
              <span className="meta">{text("item.received", { moment: times.moment(item.received_at, now) })}</span>
            )
          )}
          <Button act={onWhy} shortcut="why" icon="why" tone="quiet" pressed={why}>
            {text("why.title")}
          </Button>
        </div>
      </footer>
      <CompleteDialog
        conversation={conversation.id}
        open={completing}
        onOpen={setCompleting}
        onCompleted={() => {
          setCompleting(false);
          onCompleted();
        }}
      />
    </article>
  );
}
