// The columns of the Live boards.
import { useMemo } from "react";
import { FormattedNumber, useIntl } from "react-intl";
import { textOf, useText } from "../i18n/text";
import { useTimes } from "../i18n/time";
import { useWords, wordsOf } from "../i18n/words";
import { useNow } from "../live/live";
import type { Row } from "../live/rows";
import { Meter, PresenceMark } from "./badges";
import type { Column } from "./board";

const PRESENCES = ["available", "busy", "away", "offline"];

export function Waited({ since }: { since: string | null }) {
  const text = useText();
  const times = useTimes();
  const now = useNow();
  if (!since) return <span className="meta">{text("live.nothing-waits")}</span>;
  return times.span((now - Date.parse(since)) / 1000);
}

/** Work that waits while nobody is free is marked. */
function Free({ row }: { row: Row<"queue"> }) {
  const text = useText();
  if (row.waiting === 0 || row.free_agents > 0) return <FormattedNumber value={row.free_agents} />;
  return (
    <span className="badge sla-breached" title={text("live.nobody-free")}>
      <span aria-hidden="true">!</span>
      <FormattedNumber value={row.free_agents} />
      <span className="unseen">{text("live.nobody-free")}</span>
    </span>
  );
}

function oldestFirst(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  return b === null ? 1 : b.localeCompare(a);
}

export function useQueueColumns(): readonly Column<Row<"queue">>[] {
  const intl = useIntl();
  return useMemo(() => {
    const text = textOf(intl);
    return [
      { id: "queue", title: text("live.queue"), cell: (row) => row.id, order: (a, b) => a.id.localeCompare(b.id) },
      {
        id: "waiting",
        title: text("live.waiting"),
        figure: true,
        cell: (row) => intl.formatNumber(row.waiting),
        order: (a, b) => a.waiting - b.waiting,
      },
      {
        id: "oldest",
        title: text("live.oldest"),
        figure: true,
        cell: (row) => <Waited since={row.oldest_at} />,
        order: (a, b) => oldestFirst(a.oldest_at, b.oldest_at) || a.waiting - b.waiting,
      },
      {
        id: "free",
        title: text("live.free"),
        figure: true,
        cell: (row) => <Free row={row} />,
        order: (a, b) => a.free_agents - b.free_agents,
      },
    ];
  }, [intl]);
}

function AgentPresence({ state }: { state: string }) {
  const words = useWords();
  return (
    <span className="badge">
      <PresenceMark state={state} />
      {words.of("presence", state)}
    </span>
  );
}

function AgentLoad({ load, capacity }: { load: number; capacity: number }) {
  const text = useText();
  return (
    <span className="load">
      <Meter value={load} whole={capacity} />
      <span className="figure">{text("load.of", { load, capacity })}</span>
    </span>
  );
}

/** "German 5, English 3": languages only, they decide who can help whom. */
function languagesOf(skills: Record<string, number>, skill: (code: string) => string): string[] {
  return Object.entries(skills)
    .filter(([code]) => code.startsWith("language."))
    .sort(([, a], [, b]) => b - a)
    .map(([code]) => skill(code));
}

export function useAgentColumns(): readonly Column<Row<"agent">>[] {
  const intl = useIntl();
  return useMemo(() => {
    const text = textOf(intl);
    const words = wordsOf(intl);
    return [
      {
        id: "agent",
        title: text("live.agent"),
        cell: (row) => <bdi>{row.name}</bdi>,
        order: (a, b) => a.name.localeCompare(b.name, intl.locale),
      },
      {
        id: "presence",
        title: text("live.presence"),
        cell: (row) => <AgentPresence state={row.presence} />,
        order: (a, b) =>
          PRESENCES.indexOf(a.presence) - PRESENCES.indexOf(b.presence) || a.name.localeCompare(b.name, intl.locale),
      },
      {
        id: "load",
        title: text("live.load"),
        cell: (row) => <AgentLoad load={row.load} capacity={row.capacity} />,
        order: (a, b) => a.load - b.load,
      },
      {
        id: "languages",
        title: text("live.languages"),
        cell: (row) => intl.formatList(languagesOf(row.skills, words.skill), { type: "unit", style: "short" }),
        order: (a, b) => Object.keys(a.skills).length - Object.keys(b.skills).length,
      },
    ];
  }, [intl]);
}
