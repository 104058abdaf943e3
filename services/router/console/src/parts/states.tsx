// Loading, trouble and emptiness: each says what is the matter and what to do next.
import { type ReactNode, useEffect, useRef, useState } from "react";
import { NoAnswer, Refusal } from "../api/client";
import { useText } from "../i18n/text";
import { useWords } from "../i18n/words";
import { Button } from "./button";
import { useFocusWhenEntered } from "./entered";

const NOTHING_MS = 150;
const STILL_MS = 5_000;

function useAfter(milliseconds: number): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setPassed(true), milliseconds);
    return () => window.clearTimeout(timer);
  }, [milliseconds]);
  return passed;
}

export function Loading() {
  const text = useText();
  const slow = useAfter(NOTHING_MS);
  const late = useAfter(STILL_MS);
  if (!slow) return null;
  return (
    <div className="loading" aria-busy="true">
      <span className="skeleton" />
      <span className="skeleton" />
      <span className="skeleton short" />
      {late && <p role="status">{text("state.still-loading")}</p>}
    </div>
  );
}

export function Trouble({ error, retry }: { error: Error; retry: () => void }) {
  const text = useText();
  const words = useWords();
  const told = error instanceof Refusal ? words.of("problem", error.code) : text("failed.no-answer");
  if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
  return (
    <div className="trouble" role="alert">
      <p>{told}</p>
      {error instanceof Refusal && error.requestId && (
        <p className="meta">{text("failed.request", { id: error.requestId })}</p>
      )}
      <Button act={retry}>{text("failed.again")}</Button>
    </div>
  );
}

interface EmptyProps {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
}

export function Empty({ icon, title, children }: EmptyProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useFocusWhenEntered(heading);
  return (
    <div className="empty">
      {icon && <span className="empty-icon">{icon}</span>}
      <h2 className="empty-title" ref={heading} tabIndex={-1}>{title}</h2>
      {children}
    </div>
  );
}
