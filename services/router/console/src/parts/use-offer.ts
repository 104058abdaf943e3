// Accepting and declining one offer, and what is said when the server answers otherwise.
import { useQueryClient } from "@tanstack/react-query";
import { NoAnswer, Refusal } from "../api/client";
import { accept, decline } from "../api/commands";
import type { Offer } from "../api/types";
import { useCommand } from "../api/use-command";
import { useText } from "../i18n/text";
import { useWords } from "../i18n/words";
import { notify } from "./notices";

export function useOffer(offer: Pick<Offer, "id" | "conversation_id">, onAccepted: () => void) {
  const text = useText();
  const words = useWords();
  const queries = useQueryClient();

  function failed(error: Error, again: () => void): void {
    if (error instanceof Refusal) notify(words.of("problem", error.code));
    else if (error instanceof NoAnswer) notify(text("failed.no-answer"), { label: text("failed.again"), act: again });
    else throw error;
  }

  const accepting = useCommand(accept, {
    onDone: () => {
      void queries.invalidateQueries({ queryKey: ["conversation", offer.conversation_id] });
      onAccepted();
    },
    onFailed: (error) => failed(error, () => accepting.mutate(offer.id)),
  });
  const declining = useCommand(decline, {
    onFailed: (error, input) => failed(error, () => declining.mutate(input)),
  });
  return { accepting, declining };
}
