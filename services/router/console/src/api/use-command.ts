// A command with its Idempotency-Key: kept while nobody answered, so that "try again" can never do it twice.
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { NoAnswer } from "./client";

interface Outcome<I, O> {
  onDone?: (output: O, input: I) => void;
  onFailed?: (error: Error, input: I) => void;
}

export function useCommand<I, O>(send: (input: I, key: string) => Promise<O>, outcome: Outcome<I, O> = {}) {
  const pending = useRef<{ input: string; key: string } | null>(null);

  function keyFor(input: I): string {
    const text = JSON.stringify(input);
    if (pending.current?.input !== text) pending.current = { input: text, key: crypto.randomUUID() };
    return pending.current.key;
  }

  return useMutation<O, Error, I>({
    mutationFn: (input) => send(input, keyFor(input)),
    onSuccess: (output, input) => {
      pending.current = null;
      outcome.onDone?.(output, input);
    },
    onError: (error, input) => {
      if (!(error instanceof NoAnswer)) pending.current = null;
      outcome.onFailed?.(error, input);
    },
  });
}
