// Where an agent answers a chat; other channels say in a sentence how to answer.
import { useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { NoAnswer, Refusal } from "../api/client";
import { sendMessage } from "../api/commands";
import { useCommand } from "../api/use-command";
import { useText } from "../i18n/text";
import { useWords } from "../i18n/words";
import { useLine } from "../live/live";
import { Button, Key } from "./button";
import { useKey } from "./keyboard";
import { ariaKeys } from "./keys";
import { notify } from "./notices";

const drafts = new Map<string, string>();

function useDraft(conversation: string): [string, (text: string) => void] {
  const [draft, setDraft] = useState(() => drafts.get(conversation) ?? "");
  return [
    draft,
    (text) => {
      drafts.set(conversation, text);
      setDraft(text);
    },
  ];
}

export function Composer({ conversation, to }: { conversation: string; to: string }) {
  const text = useText();
  const words = useWords();
  const queries = useQueryClient();
  const { line } = useLine();
  const [draft, setDraft] = useDraft(conversation);
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();

  const sending = useCommand(sendMessage, {
    onDone: () => {
      setDraft("");
      void queries.invalidateQueries({ queryKey: ["conversation", conversation] });
    },
    onFailed: (error, input) => {
      if (error instanceof Refusal) notify(words.of("problem", error.code));
      else if (error instanceof NoAnswer) {
        notify(text("failed.no-answer"), { label: text("failed.again"), act: () => sending.mutate(input) });
      } else throw error;
    },
  });
  const off = draft.trim() === "" || line.phase === "lost";

  function send(): void {
    if (!off && !sending.isPending) sending.mutate({ conversation, text: draft.trim() });
  }
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
    }
    if (event.key === "Escape") field.current?.blur();
  }
  useKey("reply", () => field.current?.focus());

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label htmlFor={id} className="labelled-key">
        <span>{text("reply.to", { name: to })}</span>
        <Key name="reply" />
      </label>
      <textarea
        id={id}
        ref={field}
        rows={3}
        value={draft}
        dir="auto"
        aria-keyshortcuts={ariaKeys("reply")}
        readOnly={sending.isPending}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="actions end">
        <Button tone="primary" shortcut="send" submits busy={sending.isPending} off={off}>
          {text("reply.send")}
        </Button>
      </div>
    </form>
  );
}
