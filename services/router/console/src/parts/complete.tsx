// Completing an item: what came of it, and a note for whoever looks later.
import { useId, useState } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { NoAnswer, Refusal } from "../api/client";
import { complete } from "../api/commands";
import type { Outcome } from "../api/types";
import { useCommand } from "../api/use-command";
import { useText } from "../i18n/text";
import { useWords } from "../i18n/words";
import { Button } from "./button";

const OUTCOMES: readonly Outcome[] = ["resolved", "no_reply_needed", "duplicate", "spam"];

interface Props {
  conversation: string;
  open: boolean;
  onOpen: (open: boolean) => void;
  onCompleted: () => void;
}

export function CompleteDialog({ open, onOpen, ...props }: Props) {
  return (
    <ModalOverlay isOpen={open} onOpenChange={onOpen} isDismissable className="overlay">
      <Modal className="modal">
        <Dialog className="dialog">
          <CompleteForm {...props} onCancel={() => onOpen(false)} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

interface FormProps {
  conversation: string;
  onCancel: () => void;
  onCompleted: () => void;
}

function CompleteForm({ conversation, onCancel, onCompleted }: FormProps) {
  const text = useText();
  const words = useWords();
  const [outcome, setOutcome] = useState<Outcome>("resolved");
  const [note, setNote] = useState("");
  const noteId = useId();
  const completing = useCommand(complete, { onDone: onCompleted });
  const { error } = completing;

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!completing.isPending) completing.mutate({ conversation, outcome, note: note.trim() || null });
      }}
    >
      <Heading slot="title">{text("complete.title")}</Heading>
      <fieldset>
        <legend>{text("complete.outcome")}</legend>
        {OUTCOMES.map((value, index) => (
          <label key={value} className="choice">
            <input
              type="radio"
              name="outcome"
              autoFocus={index === 0}
              checked={outcome === value}
              onChange={() => setOutcome(value)}
            />
            <span>{words.of("outcome", value)}</span>
          </label>
        ))}
      </fieldset>
      <label htmlFor={noteId}>{text("complete.note")}</label>
      <textarea id={noteId} rows={2} value={note} onChange={(event) => setNote(event.target.value)} />
      {error instanceof Refusal && <p role="alert">{words.of("problem", error.code)}</p>}
      {error instanceof NoAnswer && <p role="alert">{text("failed.no-answer")}</p>}
      <div className="actions end">
        <Button act={onCancel}>{text("action.cancel")}</Button>
        <Button tone="primary" submits busy={completing.isPending}>
          {text("complete.do")}
        </Button>
      </div>
    </form>
  );
}
