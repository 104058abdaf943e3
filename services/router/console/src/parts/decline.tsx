// Declining: one key opens the reasons, one more sends; another reason is told in words first.
import { type KeyboardEvent, useRef, useState } from "react";
import { Menu, MenuItem, Popover } from "react-aria-components";
import type { DeclineReason } from "../api/types";
import { useText } from "../i18n/text";
import { useWords } from "../i18n/words";
import { Key } from "./button";
import { DeclineOther } from "./decline-other";
import { ariaKeys } from "./keys";

const REASONS: readonly DeclineReason[] = ["wrong_topic", "wrong_language", "too_much", "other"];

interface Props {
  open: boolean;
  busy: boolean;
  off: boolean;
  onOpen: (open: boolean) => void;
  onReason: (reason: DeclineReason, note: string | null) => void;
}

export function Decline({ open, busy, off, onOpen, onReason }: Props) {
  const text = useText();
  const words = useWords();
  const button = useRef<HTMLButtonElement>(null);
  const [telling, setTelling] = useState(false);

  function choose(reason: DeclineReason): void {
    onOpen(false);
    if (reason === "other") setTelling(true);
    else onReason(reason, null);
  }
  function onDigit(event: KeyboardEvent): void {
    const reason = REASONS[Number(event.key) - 1];
    if (!reason) return;
    event.preventDefault();
    event.stopPropagation();
    choose(reason);
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        className="button plain"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-busy={busy || undefined}
        aria-disabled={busy || off || undefined}
        aria-keyshortcuts={ariaKeys("decline")}
        onClick={() => !busy && !off && onOpen(true)}
      >
        <span>{text("offer.decline")}</span>
        <Key name="decline" />
      </button>
      <Popover triggerRef={button} isOpen={open} onOpenChange={onOpen} placement="bottom start" className="popover">
        <div onKeyDownCapture={onDigit}>
          <Menu
            aria-label={text("offer.decline-why")}
            autoFocus="first"
            onAction={(reason) => choose(reason as DeclineReason)}
            onClose={() => onOpen(false)}
            className="menu"
          >
            {REASONS.map((reason, index) => (
              <MenuItem key={reason} id={reason} textValue={words.of("declined", reason)} className="menu-item">
                <span>{words.of("declined", reason)}</span>
                <kbd aria-hidden="true">{index + 1}</kbd>
              </MenuItem>
            ))}
          </Menu>
        </div>
      </Popover>
      <DeclineOther
        open={telling}
        onOpen={setTelling}
        onTold={(note) => {
          setTelling(false);
          onReason("other", note);
        }}
      />
    </>
  );
}
