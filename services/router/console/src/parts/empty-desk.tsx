// The centre without an item: why there is nothing, and what to do next.
import { useText } from "../i18n/text";
import { useRows } from "../live/live";
import { Button } from "./button";
import { Icon } from "./icons";
import { Empty } from "./states";
import { usePresence } from "./use-presence";

export function EmptyDesk({ offers, mine }: { offers: number; mine: number }) {
  const text = useText();
  const presence = useRows("presence")[0];
  const { set } = usePresence();
  if (!presence) return null;
  const full = presence.load >= presence.capacity;

  if (offers > 0) {
    return (
      <Empty icon={<Icon name="inbox" />} title={text("empty.offer")}>
        <p>{text("empty.offer-next")}</p>
      </Empty>
    );
  }
  if (presence.state !== "available") {
    return (
      <Empty icon={<Icon name="pause" />} title={text("empty.not-available", { state: presence.state })}>
        <p>{text("empty.not-available-next")}</p>
        <Button tone="primary" act={() => set("available")}>
          {text("empty.become-available")}
        </Button>
      </Empty>
    );
  }
  if (mine > 0) {
    return (
      <Empty icon={<Icon name="inbox" />} title={text("empty.choose")}>
        <p>{text(full ? "empty.full" : "empty.choose-next")}</p>
      </Empty>
    );
  }
  return (
    <Empty icon={<Icon name="clock" />} title={text("empty.nothing")}>
      <p>{text("empty.nothing-next")}</p>
    </Empty>
  );
}
