// Declining for a reason that is not in the menu: in the agent's own words.
import { useId, useState } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useText } from "../i18n/text";
import { Button } from "./button";

const LONGEST = 500;

interface Props {
  open: boolean;
  onOpen: (open: boolean) => void;
  onTold: (note: string) => void;
}

export function DeclineOther({ open, onOpen, onTold }: Props) {
  return (
    <ModalOverlay isOpen={open} onOpenChange={onOpen} isDismissable className="overlay">
      <Modal className="modal">
        <Dialog className="dialog">
          <OtherForm onCancel={() => onOpen(false)} onTold={onTold} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function OtherForm({ onCancel, onTold }: { onCancel: () => void; onTold: (note: string) => void }) {
  const text = useText();
  const [note, setNote] = useState("");
  const noteId = useId();
  const told = note.trim();

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (told) onTold(told);
      }}
    >
      <Heading slot="title">{text("offer.decline-why")}</Heading>
      <label htmlFor={noteId}>{text("offer.decline-words")}</label>
      <input
        id={noteId}
        autoFocus
        required
        autoComplete="off"
        maxLength={LONGEST}
        value={note}
        onChange={(event) => setNote(event.target.value)}
      />
      <div className="actions end">
        <Button act={onCancel}>{text("action.cancel")}</Button>
        <Button tone="primary" submits off={!told}>
          {text("offer.decline")}
        </Button>
      </div>
    </form>
  );
}
