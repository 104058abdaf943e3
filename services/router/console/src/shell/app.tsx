// Who sees what: without a session the sign-in, with one the pages that the roles allow.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useCallback } from "react";
import { Redirect, Route, Router, Switch, useLocation, useRoute } from "wouter";
import { me as meQuery } from "../api/queries";
import type { Me } from "../api/types";
import type { Language, Messages } from "../i18n/catalogue";
import { LanguageProvider } from "../i18n/text";
import { LiveViews } from "../live/live";
import { Loading, Trouble } from "../parts/states";
import Desk from "../pages/desk";
import { NoPage, NoRight } from "../pages/nowhere";
import { SignIn } from "../pages/sign-in";
import { Frame } from "./frame";
import { landing, mayWork, maySeeLive } from "./rights";

const Live = lazy(() => import("../pages/live"));

export function App({ first }: { first: { language: Language; messages: Messages } }) {
  const { data: me, error, isPending, refetch } = useQuery(meQuery);
  return (
    <Router base="/console">
      <LanguageProvider first={first} preferred={me?.language}>
        <div id="say-polite" role="status" aria-live="polite" className="unseen" data-live-announcer="true" />
        <div id="say-assertive" role="alert" aria-live="assertive" className="unseen" data-live-announcer="true" />
        {error && (
          <main className="alone">
            <Trouble error={error} retry={() => void refetch()} />
          </main>
        )}
        {isPending && <Loading />}
        {me === null && <SignIn />}
        {me && <SignedIn me={me} />}
      </LanguageProvider>
    </Router>
  );
}

/** The views that this person's page needs; the Desk's go along everywhere, so that an offer is seen on every page. */
function useViews(me: Me): string {
  const [onLive] = useRoute("/live");
  const views = mayWork(me) ? ["me", "desk"] : [];
  if (onLive && maySeeLive(me)) views.push("board.queues", "board.agents");
  return views.join(",");
}

function SignedIn({ me }: { me: Me }) {
  const queries = useQueryClient();
  const [location] = useLocation();
  const signedOut = useCallback(() => {
    queries.removeQueries({ predicate: (query) => query.queryKey[0] !== "me" });
    queries.setQueryData(meQuery.queryKey, null);
  }, [queries]);

  return (
    <LiveViews views={useViews(me)} onSignedOut={signedOut}>
      <Frame me={me} onSignedOut={signedOut}>
        <Suspense key={location.split("/")[1]} fallback={<Loading />}>
          <Switch>
            <Route path="/">
              <Redirect to={landing(me)} replace />
            </Route>
            <Route path="/desk/:conversation?">
              {({ conversation }) => (mayWork(me) ? <Desk conversation={conversation} /> : <NoRight role="agent" />)}
            </Route>
            <Route path="/live">{maySeeLive(me) ? <Live /> : <NoRight role="supervisor" />}</Route>
            <Route>
              <NoPage />
            </Route>
          </Switch>
        </Suspense>
      </Frame>
    </LiveViews>
  );
}
