// Small facts in a mark and a word each: colour never speaks alone.
import type { WorkItem } from "../api/types";
import { useText } from "../i18n/text";
import { useTimes } from "../i18n/time";
import { useWords } from "../i18n/words";
import { type Sla, slaOf } from "../live/clock";
import { useNow } from "../live/live";
import { Icon, isIcon } from "./icons";

const URGENCY_MARKS = ["·", "!", "!!", "!!!"];

export function Urgency({ level }: { level: number }) {
  const words = useWords();
  return (
    <span className={`badge urgency-${level}`}>
      <span className="marks" aria-hidden="true">
        {URGENCY_MARKS[level - 1]}
      </span>
      {words.of("urgency", level)}
    </span>
  );
}

export function ChannelName({ channel }: { channel: string }) {
  const words = useWords();
  return (
    <span className="badge">
      {isIcon(channel) && <Icon name={channel} />}
      {words.of("channel", channel)}
    </span>
  );
}

export function LanguageName({ code }: { code: string }) {
  return <span className="badge">{useWords().language(code)}</span>;
}

/** What the agent must know first: how it came, in which language, how urgent. */
export function Facts({ item }: { item: WorkItem }) {
  return (
    <p className="facts">
      <ChannelName channel={item.channel} />
      <LanguageName code={item.language} />
      <Urgency level={item.urgency} />
    </p>
  );
}

/** The service level's ring: full when due now, half when soon, a cross when it is over. */
export function SlaMark({ sla }: { sla: Sla }) {
  return (
    <svg className="icon sla-mark" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {sla === "breached" ? <path d="m5 5 10 10M15 5 5 15" /> : <circle cx="10" cy="10" r="6.5" />}
      {sla === "soon" && <path className="filled" d="M10 3.5a6.5 6.5 0 0 1 0 13z" />}
      {sla === "now" && <circle className="filled" cx="10" cy="10" r="6.5" />}
    </svg>
  );
}

interface DueProps {
  item: WorkItem;
  brief?: boolean;
}

/** When the first response is due, ticking; the brief form is for lists, with the whole sentence for screen readers. */
export function FirstResponse({ item, brief = false }: DueProps) {
  const text = useText();
  const times = useTimes();
  const now = useNow();
  const due = item.due?.first_response_at;
  if (!due || item.first_response_at) return null;
  const sla = slaOf(item.received_at, due, now);
  const span = times.span(Math.abs(Date.parse(due) - now) / 1000);
  const sentence = text(sla === "breached" ? "due.breached" : "due.in", { span });
  return (
    <span className={`badge sla-${sla}`} title={brief ? sentence : undefined}>
      <SlaMark sla={sla} />
      {brief ? <Brief shown={span} told={sentence} /> : sentence}
    </span>
  );
}

function Brief({ shown, told }: { shown: string; told: string }) {
  return (
    <>
      <span aria-hidden="true">{shown}</span>
      <span className="unseen">{told}</span>
    </>
  );
}

export function PresenceMark({ state }: { state: string }) {
  return (
    <svg className={`icon presence-${state}`} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {state === "available" && <circle className="filled" cx="10" cy="10" r="5" />}
      {state === "busy" && <path className="filled" d="M5.5 5.5h9v9h-9z" />}
      {state === "away" && <circle cx="10" cy="10" r="5" />}
      {state === "away" && <path className="filled" d="M10 5a5 5 0 0 0 0 10z" />}
      {state === "offline" && <circle cx="10" cy="10" r="5" />}
    </svg>
  );
}

/** A share of a whole, drawn; the number beside it is what counts. */
export function Meter({ value, whole }: { value: number; whole: number }) {
  const share = whole > 0 ? Math.min(1, value / whole) : 0;
  return (
    <span className="meter" aria-hidden="true">
      <span style={{ transform: `scaleX(${share})` }} />
    </span>
  );
}
