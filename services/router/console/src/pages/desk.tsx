// The Desk: offers and my items on the left, the chosen one in the centre, why it is mine on the right.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { useText } from "../i18n/text";
import { announce } from "../parts/announce";
import { INSIDE } from "../parts/entered";
import { EmptyDesk } from "../parts/empty-desk";
import { Item } from "../parts/item";
import { useKey } from "../parts/keyboard";
import { MineEntry, useMine } from "../parts/mine";
import { OfferCard } from "../parts/offer";
import { useOpenOffers } from "../parts/offer-news";
import { WhyPane } from "../parts/why-pane";

const WIDE = "(min-width: 80rem)";

/** J and K: the next or previous entry, focused and shown. */
function useWalk(entries: readonly string[], current: string | undefined, open: (id: string) => void): void {
  function walk(step: number): void {
    const at = current === undefined ? -1 : entries.indexOf(current);
    const next = entries[at < 0 ? (step > 0 ? 0 : entries.length - 1) : at + step];
    if (next !== undefined) open(next);
  }
  useKey("next", () => walk(1), entries.length > 0);
  useKey("previous", () => walk(-1), entries.length > 0);
}

export default function Desk({ conversation: chosen }: { conversation?: string }) {
  const text = useText();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const offers = useOpenOffers();
  const mine = useMine();
  const [why, setWhy] = useState(() => window.matchMedia(WIDE).matches);
  const entries = [...new Set([...offers.map((offer) => offer.conversation_id), ...mine.map((row) => row.id)])];

  function open(id: string): void {
    navigate(`/desk/${id}`);
    document.querySelector<HTMLElement>(`.entry-link[href$="${CSS.escape(id)}"]`)?.focus();
  }
  function accepted(id: string): void {
    navigate(`/desk/${id}`, { state: INSIDE });
    announce(text("offer.accepted"));
  }
  function completed(): void {
    announce(text("complete.done"));
    void queries.invalidateQueries({ queryKey: ["conversation", chosen] });
    const next = mine.find((row) => row.id !== chosen);
    navigate(next ? `/desk/${next.id}` : "/desk", { state: INSIDE });
  }
  const shown = chosen ? ` has-item${why ? " has-why" : ""}` : entries.length > 0 ? " has-entries" : "";
  useWalk(entries, chosen, open);
  useKey("why", () => setWhy(!why), chosen !== undefined);
  useTitle(text("desk.title"), offers.length);

  return (
    <div className={`desk${shown}`}>
      <div className="pane list" role="region" aria-label={text("desk.work")}>
        {!chosen && <h1 className="unseen">{text("desk.title")}</h1>}
        {offers.length > 0 && <h2>{text("desk.offers", { count: offers.length })}</h2>}
        {offers.map((offer, index) => (
          <OfferCard
            key={offer.id}
            offer={offer}
            keys={index === 0}
            current={offer.conversation_id === chosen}
            onAccepted={accepted}
          />
        ))}
        <h2>{text("desk.mine", { count: mine.length })}</h2>
        {mine.length === 0 && <p className="meta">{text("desk.mine-empty")}</p>}
        <ul className="entries">
          {mine.map((row) => (
            <MineEntry key={row.id} row={row} current={row.id === chosen} />
          ))}
        </ul>
      </div>
      <div className="pane centre">
        {chosen ? (
          <Item key={chosen} id={chosen} why={why} onWhy={() => setWhy(!why)} onCompleted={completed} />
        ) : (
          <EmptyDesk offers={offers.length} mine={mine.length} />
        )}
      </div>
      {chosen && why && <WhyPane conversation={chosen} onClose={() => setWhy(false)} />}
    </div>
  );
}

function useTitle(title: string, waiting: number): void {
  useEffect(() => {
    document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
  }, [title, waiting]);
}
