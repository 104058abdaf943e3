// Whether I take work: four states, by mouse, by arrow keys or by S.
import { useState } from "react";
import { Button, ListBox, ListBoxItem, Popover, Select } from "react-aria-components";
import type { PresenceState } from "../api/types";
import { useText } from "../i18n/text";
import { useWords } from "../i18n/words";
import { PresenceMark } from "../parts/badges";
import { Icon } from "../parts/icons";
import { useKey } from "../parts/keyboard";
import { usePresence } from "../parts/use-presence";

const STATES: readonly PresenceState[] = ["available", "busy", "away", "offline"];

export function PresenceChoice() {
  const text = useText();
  const words = useWords();
  const { state, set } = usePresence();
  const [open, setOpen] = useState(false);
  useKey("presence", () => setOpen(true));
  if (!state) return null;
  return (
    <Select
      aria-label={text("presence.title")}
      className="presence"
      isOpen={open}
      onOpenChange={setOpen}
      value={state}
      onChange={(next) => next !== null && set(next as PresenceState)}
    >
      <Button className="button plain">
        <PresenceMark state={state} />
        <span>{words.of("presence", state)}</span>
        <Icon name="down" />
      </Button>
      <Popover className="popover">
        <ListBox className="menu">
          {STATES.map((value) => (
            <ListBoxItem key={value} id={value} textValue={words.of("presence", value)} className="menu-item">
              <PresenceMark state={value} />
              <span>{words.of("presence", value)}</span>
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </Select>
  );
}
