// Every word on the screen comes from here: messages by key, in the person's language, for React Aria's parts too.
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { I18nProvider } from "react-aria-components";
import { IntlProvider, type IntlShape, useIntl } from "react-intl";
import {
  chooseLanguage,
  type Language,
  loadMessages,
  type MessageKey,
  type Messages,
  storedLanguage,
  storeLanguage,
} from "./catalogue";

type Values = Record<string, string | number | Date | boolean | null | undefined>;
type RichValues = Record<string, ReactNode | Date>;

export interface Text {
  (key: MessageKey, values?: Values): string;
  rich: (key: MessageKey, values: RichValues) => ReactNode;
}

const LanguageContext = createContext<{ language: Language; choose: (language: Language) => void } | null>(null);

interface Props {
  first: { language: Language; messages: Messages };
  /** The language of the signed-in person's account; a choice made here beats it. */
  preferred: string | null | undefined;
  children: ReactNode;
}

export function LanguageProvider({ first, preferred, children }: Props) {
  const [shown, setShown] = useState(first);
  const [chosen, setChosen] = useState<Language | null>(null);
  const wanted = chooseLanguage([chosen, storedLanguage(), preferred, ...navigator.languages]);

  useEffect(() => {
    let current = true;
    void loadMessages(wanted).then((messages) => current && setShown({ language: wanted, messages }));
    return () => {
      current = false;
    };
  }, [wanted]);
  useEffect(() => {
    document.documentElement.lang = shown.language;
  }, [shown.language]);

  function choose(language: Language): void {
    storeLanguage(language);
    setChosen(language);
  }

  return (
    <LanguageContext.Provider value={{ language: shown.language, choose }}>
      <I18nProvider locale={shown.language}>
        <IntlProvider locale={shown.language} messages={shown.messages} onError={reportMissing}>
          {children}
        </IntlProvider>
      </I18nProvider>
    </LanguageContext.Provider>
  );
}

function reportMissing(error: Error): void {
  console.error(error.message);
}

export function useLanguage() {
  const context = useContext(LanguageContext);
  if (!context) throw new Error("no language around this part");
  return context;
}

/** The message of a key. The English file's keys are the type, so a wrong key does not compile. */
export function useText(): Text {
  return textOf(useIntl());
}

export function textOf(intl: IntlShape): Text {
  const text = ((key, values) => intl.formatMessage({ id: key }, values)) as Text;
  text.rich = (key, values) => intl.formatMessage({ id: key }, values as never) as unknown as ReactNode;
  return text;
}
