// News that is seen on every page: the open offer, and short notices. The live regions have said them already.
import { useSyncExternalStore } from "react";
import { useLocation } from "wouter";
import { useText } from "../i18n/text";
import { Button } from "../parts/button";
import { INSIDE } from "../parts/entered";
import { currentNotices, dismiss, type Notice, subscribeNotices } from "../parts/notices";
import { OfferCard } from "../parts/offer";
import { useOpenOffers } from "../parts/offer-news";

function Toast({ notice }: { notice: Notice }) {
  const text = useText();
  const { again } = notice;
  return (
    <li className="toast">
      <span>{notice.text}</span>
      {again && (
        <Button
          act={() => {
            dismiss(notice.id);
            again.act();
          }}
        >
          {again.label}
        </Button>
      )}
      <Button tone="quiet" icon="cross" label={text("action.dismiss")} act={() => dismiss(notice.id)}>
        {null}
      </Button>
    </li>
  );
}

export function Toasts({ offers }: { offers: boolean }) {
  const text = useText();
  const [, navigate] = useLocation();
  const notices = useSyncExternalStore(subscribeNotices, currentNotices);
  const open = useOpenOffers();
  const shown = offers ? open : [];
  if (notices.length === 0 && shown.length === 0) return null;
  return (
    <div className="toasts" role="region" aria-label={text("shell.news")}>
      <ul>
        {notices.map((notice) => (
          <Toast key={notice.id} notice={notice} />
        ))}
      </ul>
      {shown.map((offer, index) => (
        <OfferCard
          key={offer.id}
          offer={offer}
          keys={index === 0}
          onAccepted={(id) => navigate(`/desk/${id}`, { state: INSIDE })}
        />
      ))}
    </div>
  );
}
