// What became of offers: said once when one is made, lapses or is withdrawn.
import { useQueryClient } from "@tanstack/react-query";
import { conversation, latestOffer } from "../api/queries";
import type { Offer } from "../api/types";
import { useText } from "../i18n/text";
import { useWords } from "../i18n/words";
import { secondsLeft } from "../live/clock";
import { useClock, useRows, useWatch } from "../live/live";
import type { Row } from "../live/rows";
import { announce } from "./announce";
import { notify } from "./notices";

/** Open offers, the one that ends first on top. */
export function useOpenOffers(): readonly Row<"offer">[] {
  const offers = useRows("offer").filter((offer) => offer.state === "open");
  return offers.sort((a, b) => a.expires_at.localeCompare(b.expires_at));
}

/** Tells of each offer once, as it comes and as it goes; to be used in one place of the page. */
export function useOfferNews(): void {
  const text = useText();
  const words = useWords();
  const clock = useClock();
  const queries = useQueryClient();

  async function tellMade(offer: Row<"offer">): Promise<void> {
    const seen = await queries.ensureQueryData(conversation(offer.conversation_id)).catch(() => null);
    const item = seen?.work_item;
    const seconds = secondsLeft(offer.made_at, offer.expires_at, clock());
    if (!item) return announce(text("offer.said-briefly", { seconds }), "assertive");
    announce(
      text("offer.said", {
        channel: words.of("channel", item.channel),
        language: words.language(item.language),
        urgency: words.of("urgency", item.urgency),
        seconds,
      }),
      "assertive",
    );
  }

  function tellEnd(state: Offer["state"], reason: string | null): void {
    if (state === "withdrawn" && reason) notify(text("offer.withdrawn-why", { reason: words.of("withdrawn", reason) }));
    else if (state === "withdrawn") notify(text("offer.withdrawn"));
    else if (state === "lapsed") notify(text("offer.lapsed"));
  }

  /** The view only says that the offer is gone; what became of it is asked for. */
  async function tellGone(id: string): Promise<void> {
    const offer = await latestOffer(id).catch(() => undefined);
    if (offer) tellEnd(offer.state, offer.reason);
  }

  useWatch("offer", (was, is) => {
    if (is?.state === "open" && !was) void tellMade(is);
    if (was?.state !== "open") return;
    if (!is) void tellGone(was.id);
    else if (is.state !== "open") tellEnd(is.state, is.reason);
  });
}
