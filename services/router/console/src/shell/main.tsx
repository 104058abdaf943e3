// The start: messages and the session are asked for before React draws.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { NoAnswer } from "../api/client";
import { me } from "../api/queries";
import { chooseLanguage, loadMessages, storedLanguage } from "../i18n/catalogue";
import { hearKeys } from "../parts/keyboard";
import { App } from "./app";
import "../css/tokens.css";
import "../css/base.css";
import "../css/layout.css";
import "../css/controls.css";
import "../css/work.css";
import "../css/overlays.css";
import "../css/states.css";
import "../css/sign-in.css";
import "../css/item.css";
import "../css/why.css";
import "../css/live.css";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => error instanceof NoAnswer && failures < 2,
      refetchOnWindowFocus: false,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

async function start(root: HTMLElement): Promise<void> {
  const language = chooseLanguage([storedLanguage(), ...navigator.languages]);
  void queries.prefetchQuery(me);
  const messages = await loadMessages(language);
  hearKeys();
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <App first={{ language, messages }} />
      </QueryClientProvider>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root) void start(root);
