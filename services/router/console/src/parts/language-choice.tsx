// The six languages by their own names.
import { useId } from "react";
import { LANGUAGES, type Language, ownName } from "../i18n/catalogue";
import { useLanguage, useText } from "../i18n/text";

export function LanguageChoice() {
  const text = useText();
  const { language, choose } = useLanguage();
  const id = useId();
  return (
    <p className="language-choice">
      <label htmlFor={id}>{text("settings.language")}</label>
      <select id={id} value={language} onChange={(event) => choose(event.target.value as Language)}>
        {LANGUAGES.map((code) => (
          <option key={code} value={code} lang={code}>
            {ownName(code)}
          </option>
        ))}
      </select>
    </p>
  );
}
