// What stands on every page: header, news of the line, offers and notices, help.
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import type { Me } from "../api/types";
import { useText } from "../i18n/text";
import { useKey } from "../parts/keyboard";
import { useOfferNews, useOpenOffers } from "../parts/offer-news";
import { Header } from "./header";
import { Help } from "./help";
import { LostLine } from "./line";
import { mayWork, maySeeLive } from "./rights";
import { Toasts } from "./toasts";

interface Props {
  me: Me;
  onSignedOut: () => void;
  children: ReactNode;
}

export function Frame({ me, onSignedOut, children }: Props) {
  const text = useText();
  const [location, navigate] = useLocation();
  const [help, setHelp] = useState(false);
  const offer = useOpenOffers()[0];
  useOfferNews();
  useKey("help", () => setHelp(true));
  useKey("goDesk", () => navigate("/desk"), mayWork(me));
  useKey("goOffer", () => offer && navigate(`/desk/${offer.conversation_id}`), offer !== undefined);
  useKey("goLive", () => navigate("/live"), maySeeLive(me));

  return (
    <>
      <a className="skip" href="#content">
        {text("shell.skip")}
      </a>
      <Header me={me} onHelp={() => setHelp(true)} onSignedOut={onSignedOut} />
      <LostLine />
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <Toasts offers={!location.startsWith("/desk")} />
      <Help open={help} onOpen={setHelp} />
    </>
  );
}
