// An offer before its agent: what it is, how long it stands, accept and decline by one key each.
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { Link } from "wouter";
import { conversation } from "../api/queries";
import { useText } from "../i18n/text";
import { useWords } from "../i18n/words";
import { useLine } from "../live/live";
import type { Row } from "../live/rows";
import { Facts } from "./badges";
import { Button } from "./button";
import { Countdown } from "./countdown";
import { Decline } from "./decline";
import { INSIDE } from "./entered";
import { useKey } from "./keyboard";
import { contactName, titleOf } from "./title";
import { useOffer } from "./use-offer";

interface Props {
  offer: Row<"offer">;
  /** Its keys act; one card on the page has them. */
  keys: boolean;
  current?: boolean;
  onAccepted: (conversation: string) => void;
}

export function OfferCard({ offer, keys, current = false, onAccepted }: Props) {
  const text = useText();
  const words = useWords();
  const { line } = useLine();
  const [reasons, setReasons] = useState(false);
  const preview = useQuery(conversation(offer.conversation_id));
  const { accepting, declining } = useOffer(offer, () => onAccepted(offer.conversation_id));
  const heading = useId();
  const busy = accepting.isPending || declining.isPending || declining.isSuccess || accepting.isSuccess;
  const off = line.phase === "lost";

  const take = () => accepting.mutate(offer.id);
  useKey("accept", take, keys && !busy && !off);
  useKey("decline", () => setReasons(true), keys && !busy && !off);

  const item = preview.data?.work_item;
  return (
    <article className={current ? "offer card current" : "offer card"} aria-labelledby={heading}>
      {item && <Facts item={item} />}
      <h3 id={heading}>
        <Link
          href={`/desk/${offer.conversation_id}`}
          state={INSIDE}
          className="entry-link"
          aria-current={current || undefined}
        >
          {preview.data ? titleOf(preview.data, text("item.untitled")) : text("offer.loading")}
        </Link>
      </h3>
      <p className="meta">
        <bdi>{contactName(preview.data?.contact ?? null, text("contact.unknown"))}</bdi>
        {item && <span>{words.topic(item.topic)}</span>}
        <span>{offer.queue}</span>
      </p>
      <div className="actions">
        <Button tone="primary" shortcut="accept" act={take} busy={busy} off={off}>
          {accepting.isPending ? text("offer.accepting") : text("offer.accept")}
        </Button>
        <Decline
          open={reasons}
          busy={busy}
          off={off}
          onOpen={setReasons}
          onReason={(reason, note) => declining.mutate({ offer: offer.id, reason, note })}
        />
        <Countdown start={offer.made_at} deadline={offer.expires_at} />
      </div>
    </article>
  );
}
