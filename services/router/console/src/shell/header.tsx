// The header: where to go, my presence and load, the line, help and me.
import { Link, useLocation } from "wouter";
import type { Me } from "../api/types";
import { useText } from "../i18n/text";
import { useRows } from "../live/live";
import { Meter } from "../parts/badges";
import { Button } from "../parts/button";
import { Mark } from "../parts/icons";
import { LineState } from "./line";
import { Person } from "./person";
import { PresenceChoice } from "./presence";
import { mayWork, maySeeLive } from "./rights";

interface Props {
  me: Me;
  onHelp: () => void;
  onSignedOut: () => void;
}

function Menu({ me }: { me: Me }) {
  const text = useText();
  const [location] = useLocation();
  const pages = [
    mayWork(me) && { path: "/desk", title: text("desk.title") },
    maySeeLive(me) && { path: "/live", title: text("live.title") },
  ].filter((page) => page !== false);
  return (
    <nav aria-label={text("shell.menu")}>
      {pages.map(({ path, title }) => (
        <Link key={path} href={path} aria-current={location.startsWith(path) ? "page" : undefined}>
          {title}
        </Link>
      ))}
    </nav>
  );
}

function Load() {
  const text = useText();
  const presence = useRows("presence")[0];
  if (!presence) return null;
  const { load, capacity } = presence;
  return (
    <span className="load">
      <span className="meta">{text("load.title")}</span>
      <Meter value={load} whole={capacity} />
      <span className="figure">{text("load.of", { load, capacity })}</span>
    </span>
  );
}

export function Header({ me, onHelp, onSignedOut }: Props) {
  const text = useText();
  return (
    <header className="header">
      <Link href="/" className="brand" aria-label={text("product")}>
        <Mark />
        <span>{text("product")}</span>
      </Link>
      <Menu me={me} />
      <div className="header-state">
        {mayWork(me) && <PresenceChoice />}
        <Load />
        <LineState />
      </div>
      <div className="header-end">
        <Button act={onHelp} tone="quiet" icon="help" label={text("keys.title")}>
          {null}
        </Button>
        <Person me={me} onSignedOut={onSignedOut} />
      </div>
    </header>
  );
}
