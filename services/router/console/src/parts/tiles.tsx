// The few figures that say how the house stands.
import type { ReactNode } from "react";
import { useIntl } from "react-intl";
import { useText } from "../i18n/text";
import type { Row } from "../live/rows";
import { Waited } from "./live-columns";

interface Props {
  queues: readonly Row<"queue">[];
  agents: readonly Row<"agent">[];
}

function Tile({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="tile">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Tiles({ queues, agents }: Props) {
  const text = useText();
  const intl = useIntl();
  const waiting = queues.reduce((sum, queue) => sum + queue.waiting, 0);
  const oldest = queues.flatMap((queue) => queue.oldest_at ?? []).sort()[0] ?? null;
  const there = agents.filter((agent) => agent.presence !== "offline");
  const free = there.filter((agent) => agent.presence === "available" && agent.load < agent.capacity);
  const stuck = queues.filter((queue) => queue.waiting > 0 && queue.free_agents === 0);
  return (
    <dl className="tiles">
      <Tile name={text("live.waiting")}>{intl.formatNumber(waiting)}</Tile>
      <Tile name={text("live.oldest")}>
        <Waited since={oldest} />
      </Tile>
      <Tile name={text("live.free")}>{text("live.free-of", { free: free.length, there: there.length })}</Tile>
      <Tile name={text("live.without")}>{intl.formatNumber(stuck.length)}</Tile>
    </dl>
  );
}
