// My items, the one due first on top.
import { Link } from "wouter";
import { useText } from "../i18n/text";
import { useWords } from "../i18n/words";
import { useRows } from "../live/live";
import type { Row } from "../live/rows";
import { FirstResponse, Urgency } from "./badges";
import { Icon, isIcon } from "./icons";
import { INSIDE } from "./entered";
import { contactName, titleOf } from "./title";

function dueOf(row: Row<"conversation">): string {
  return row.work_item?.due?.first_response_at ?? row.work_item?.received_at ?? "";
}

/** Conversations in my hands, by due time. */
export function useMine(): readonly Row<"conversation">[] {
  const mine = useRows("conversation").filter((row) => row.work_item?.state === "assigned");
  return mine.sort((a, b) => dueOf(a).localeCompare(dueOf(b)));
}

interface Props {
  row: Row<"conversation">;
  current: boolean;
}

export function MineEntry({ row, current }: Props) {
  const text = useText();
  const words = useWords();
  const item = row.work_item;
  return (
    <li className={current ? "entry current" : "entry"}>
      <Link href={`/desk/${row.id}`} state={INSIDE} className="entry-link" aria-current={current || undefined}>
        <span className="entry-top">
          {item && isIcon(item.channel) && <Icon name={item.channel} />}
          {item && <span className="unseen">{words.of("channel", item.channel)}</span>}
          <strong>
            <bdi>{contactName(row.contact, text("contact.unknown"))}</bdi>
          </strong>
          {item && <FirstResponse item={item} brief />}
        </span>
        <span className="entry-title" dir="auto">
          {titleOf(row, item ? words.topic(item.topic) : text("item.untitled"))}
        </span>
        {item && (
          <span className="entry-facts">
            <Urgency level={item.urgency} />
            <span>{words.language(item.language)}</span>
          </span>
        )}
      </Link>
    </li>
  );
}
