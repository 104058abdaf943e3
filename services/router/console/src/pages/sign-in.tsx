// Signing in: a name, a password, and a sentence when they do not fit.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useRef } from "react";
import { NoAnswer, Refusal } from "../api/client";
import { signIn } from "../api/commands";
import { me as meQuery } from "../api/queries";
import { useText } from "../i18n/text";
import { useWords } from "../i18n/words";
import { Button } from "../parts/button";
import { Mark } from "../parts/icons";
import { LanguageChoice } from "../parts/language-choice";
import { Ways } from "../parts/ways";

export function SignIn() {
  const text = useText();
  useEffect(() => {
    document.title = text("sign-in.title");
  });
  return (
    <div className="sign-in">
      <div className="sign-in-picture">
        <Ways />
        <p className="claim">{text("sign-in.claim")}</p>
      </div>
      <main className="sign-in-form">
        <p className="brand">
          <Mark />
          <span>{text("product")}</span>
        </p>
        <h1>{text("sign-in.title")}</h1>
        <SignInForm />
        <LanguageChoice />
      </main>
    </div>
  );
}

function SignInForm() {
  const text = useText();
  const words = useWords();
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [nameId, passwordId, errorId] = [useId(), useId(), useId()];
  const signing = useMutation({
    mutationFn: signIn,
    onSuccess: ({ user }) => queries.setQueryData(meQuery.queryKey, user),
    onError: () => form.current?.querySelector<HTMLInputElement>("[name=password]")?.select(),
  });
  const { error } = signing;

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    if (signing.isPending) return;
    signing.mutate({ username: String(fields.get("username")), password: String(fields.get("password")) });
  }

  return (
    <form ref={form} onSubmit={submit} aria-describedby={error ? errorId : undefined}>
      <label htmlFor={nameId}>{text("sign-in.name")}</label>
      <input id={nameId} name="username" autoComplete="username" autoCapitalize="none" required autoFocus />
      <label htmlFor={passwordId}>{text("sign-in.password")}</label>
      <input id={passwordId} name="password" type="password" autoComplete="current-password" required />
      {error && (
        <p id={errorId} role="alert" className="error">
          {error instanceof Refusal && words.of("problem", error.code)}
          {error instanceof NoAnswer && text("failed.no-answer")}
        </p>
      )}
      <Button tone="primary" submits busy={signing.isPending}>
        {text("sign-in.do")}
      </Button>
    </form>
  );
}
