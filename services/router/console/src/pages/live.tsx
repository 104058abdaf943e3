// Live: what waits in which queue and for how long, and who is there to take it.
import { useEffect, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { useText } from "../i18n/text";
import { useRows } from "../live/live";
import type { Row } from "../live/rows";
import { Board, type Column } from "../parts/board";
import { Button } from "../parts/button";
import { useKey } from "../parts/keyboard";
import { useAgentColumns, useQueueColumns } from "../parts/live-columns";
import { Tiles } from "../parts/tiles";

interface Boards {
  queues: readonly Row<"queue">[];
  agents: readonly Row<"agent">[];
}

/** The rows as they come, or as they stood when frozen, with how many have changed since. */
function useBoards(frozen: Boards | null): Boards & { held: number } {
  const queues = useRows("queue");
  const agents = useRows("agent");
  if (!frozen) return { queues, agents, held: 0 };
  const before = new Set<unknown>([...frozen.queues, ...frozen.agents]);
  const held = [...queues, ...agents].filter((row) => !before.has(row)).length;
  return { ...frozen, held };
}

/** The sort of a table lives in the address, so that a link shows the same view. */
function useSort(name: string, fallback: string): [string, (sort: string) => void] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const query = new URLSearchParams(search);
  return [
    query.get(name) ?? fallback,
    (sort) => {
      query.set(name, sort);
      navigate(`/live?${query}`, { replace: true });
    },
  ];
}

interface SectionProps<R> {
  title: string;
  name: string;
  sort: string;
  rows: readonly R[];
  columns: readonly Column<R>[];
  empty: string;
}

function Section<R extends { id: string }>({ title, name, sort: fallback, rows, columns, empty }: SectionProps<R>) {
  const [sort, setSort] = useSort(name, fallback);
  return (
    <section className="panel" aria-labelledby={`live-${name}`}>
      <h2 id={`live-${name}`}>{title}</h2>
      {rows.length === 0 && <p className="meta">{empty}</p>}
      {rows.length > 0 && <Board caption={title} columns={columns} rows={rows} sort={sort} onSort={setSort} />}
    </section>
  );
}

export default function Live() {
  const text = useText();
  const [frozen, setFrozen] = useState<Boards | null>(null);
  const { queues, agents, held } = useBoards(frozen);
  const current = { queues: useRows("queue"), agents: useRows("agent") };
  const queueColumns = useQueueColumns();
  const agentColumns = useAgentColumns();
  const toggle = () => setFrozen(frozen ? null : { queues, agents });
  useKey("freeze", toggle);
  useEffect(() => {
    document.title = text("live.title");
  }, [text("live.title")]);

  return (
    <div className="live">
      <div className="page-head">
        <h1>{text("live.title")}</h1>
        {frozen && <span className="meta">{text("live.held", { count: held })}</span>}
        <Button act={toggle} pressed={frozen !== null} icon={frozen ? "play" : "pause"} shortcut="freeze">
          {text("live.freeze")}
        </Button>
      </div>
      <Tiles queues={current.queues} agents={current.agents} />
      <div className="boards">
        <Section
          title={text("live.queues")}
          name="queues"
          sort="-oldest"
          rows={queues}
          columns={queueColumns}
          empty={text("live.no-queues")}
        />
        <Section
          title={text("live.agents")}
          name="agents"
          sort="presence"
          rows={agents}
          columns={agentColumns}
          empty={text("live.no-agents")}
        />
      </div>
    </div>
  );
}
