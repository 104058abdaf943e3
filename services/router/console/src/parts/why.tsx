// Why you: the decision record in words.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { decision as decisionQuery, me as meQuery } from "../api/queries";
import type { Decision, WorkItem } from "../api/types";
import { useText } from "../i18n/text";
import { useTimes } from "../i18n/time";
import { useWords } from "../i18n/words";
import { Icon } from "./icons";
import { Loading, Trouble } from "./states";

interface Props {
  decisionId: string;
  item: WorkItem;
}

export function Why({ decisionId, item }: Props) {
  const { data: decision, error, refetch } = useQuery(decisionQuery(decisionId));
  if (error) return <Trouble error={error} retry={() => void refetch()} />;
  if (!decision) return <Loading />;
  return (
    <div className="why">
      <Summary decision={decision} item={item} />
      <Needs decision={decision} />
      <Read item={item} />
      <RuleTrace decision={decision} />
      <Candidates decision={decision} />
      <Excluded decision={decision} />
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Summary({ decision, item }: { decision: Decision; item: WorkItem }) {
  const text = useText();
  const times = useTimes();
  const waited = (Date.parse(decision.at) - Date.parse(item.received_at)) / 1000;
  return (
    <>
      <p>{text("why.queue", { queue: decision.queue })}</p>
      <p>{text("why.waited", { span: times.span(waited), step: decision.relaxation_step + 1 })}</p>
    </>
  );
}

function Level({ level, needed }: { level: number; needed: number }) {
  return (
    <svg className="levels" viewBox="0 0 60 12" aria-hidden="true" focusable="false">
      {[1, 2, 3, 4, 5].map((step) => (
        <rect
          key={step}
          className={step <= level ? "held" : step <= needed ? "missing" : "none"}
          x={step * 12 - 11}
          y="1"
          width="9"
          height="10"
          rx="2"
        />
      ))}
    </svg>
  );
}

function Needs({ decision }: { decision: Decision }) {
  const text = useText();
  const words = useWords();
  const { data: me } = useQuery(meQuery);
  const mine = decision.candidates.find((candidate) => candidate.agent_id === me?.agent_id)?.levels;
  if (decision.requires.length === 0) return null;
  return (
    <Part title={text("why.needs")}>
      <table className="needs">
        <thead>
          <tr>
            <th scope="col">{text("why.skill")}</th>
            <th scope="col">{text("why.needed")}</th>
            {mine && <th scope="col">{text("why.you")}</th>}
          </tr>
        </thead>
        <tbody>
          {decision.requires.map(({ skill, level }) => (
            <tr key={skill}>
              <th scope="row">{words.skill(skill)}</th>
              <td>{level}</td>
              {mine && (
                <td>
                  <Level level={mine[skill] ?? 0} needed={level} /> {mine[skill] ?? 0}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  );
}

function Read({ item }: { item: WorkItem }) {
  const text = useText();
  const words = useWords();
  const read = item.classification;
  const rows: [string, string, number | null | undefined][] = [
    [text("why.topic"), words.topic(item.topic), read?.topic?.confidence],
    [text("why.language"), words.language(item.language), read?.language?.confidence],
    [text("why.urgency"), words.of("urgency", item.urgency), read?.urgency?.confidence],
  ];
  return (
    <Part title={text("why.read")}>
      <dl className="pairs">
        {rows.map(([name, value, confidence]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{confidence == null ? value : text("why.sure", { value, confidence })}</dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}

function RuleTrace({ decision }: { decision: Decision }) {
  const text = useText();
  const matched = decision.rule_trace.find((rule) => rule.matched);
  const before = decision.rule_trace.filter((rule) => !rule.matched).length;
  if (!matched) return null;
  return (
    <Part title={text("why.rule")}>
      <p>
        {text.rich("why.matched", { rule: <strong key="rule">{matched.rule}</strong>, version: decision.rule_set })}
      </p>
      {before > 0 && (
        <details>
          <summary>{text("why.unmatched", { count: before })}</summary>
          <ol className="trace">
            {decision.rule_trace.map(({ rule, matched: hit }) => (
              <li key={rule}>
                <Icon name={hit ? "check" : "cross"} />
                <span>{text(hit ? "why.rule-yes" : "why.rule-no", { rule })}</span>
              </li>
            ))}
          </ol>
        </details>
      )}
    </Part>
  );
}

function Candidates({ decision }: { decision: Decision }) {
  const text = useText();
  const { data: me } = useQuery(meQuery);
  if (decision.candidates.length === 0) return null;
  return (
    <Part title={text("why.candidates")}>
      <ol className="candidates">
        {decision.candidates.map(({ agent_id, name, score, load, capacity }) => (
          <li key={agent_id} className={agent_id === decision.chosen?.agent_id ? "chosen" : undefined}>
            <span>{agent_id === me?.agent_id ? text("why.you") : (name ?? text("why.colleague"))}</span>
            {load !== undefined && capacity !== undefined && (
              <span className="meta">{text("why.load", { load, capacity })}</span>
            )}
            <span className="figure">{text("why.score", { score })}</span>
          </li>
        ))}
      </ol>
    </Part>
  );
}

function Excluded({ decision }: { decision: Decision }) {
  const text = useText();
  const words = useWords();
  const reasons = Object.entries(decision.excluded);
  if (reasons.length === 0) return null;
  return (
    <Part title={text("why.excluded")}>
      <dl className="pairs">
        {reasons.map(([reason, count]) => (
          <div key={reason}>
            <dt>{words.of("excluded", reason)}</dt>
            <dd>{text("why.agents", { count })}</dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}
