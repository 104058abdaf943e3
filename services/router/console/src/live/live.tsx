// The live views in React: one connection a tab, rows by kind, the server's time.
import { createContext, type ReactNode, useContext, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { answer, api, Refusal } from "../api/client";
import { readState } from "../api/queries";
import { ServerClock } from "./clock";
import { Connection, type Line } from "./connection";
import type { Kind, Row } from "./rows";
import { Store } from "./store";
import { follow } from "./stream";
import { Ticker } from "./ticker";

interface Live {
  store: Store;
  clock: ServerClock;
  connection: Connection;
  ticker: Ticker;
}

const LiveContext = createContext<Live | null>(null);

async function stillSignedIn(): Promise<boolean> {
  try {
    await answer(api.GET("/api/v1/me"));
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) return false;
    throw error;
  }
}

function makeLive(): Live {
  const store = new Store();
  const clock = new ServerClock();
  const connection = new Connection({ store, clock, readState, follow, stillSignedIn });
  return { store, clock, connection, ticker: new Ticker(clock.now) };
}

interface Props {
  views: string;
  onSignedOut: () => void;
  children: ReactNode;
}

/** Keeps the views fresh below it. An empty list of views opens no stream. */
export function LiveViews({ views, onSignedOut, children }: Props) {
  const [live] = useState(makeLive);
  useEffect(() => {
    if (views === "") return undefined;
    const stop = new AbortController();
    void live.connection.run(views, stop.signal, onSignedOut);
    return () => stop.abort();
  }, [live, views, onSignedOut]);
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error("no live views around this part");
  return live;
}

export function useRows<K extends Kind>(kind: K): readonly Row<K>[] {
  const { store } = useLive();
  return useSyncExternalStore(store.subscribe, () => store.list(kind));
}

/** Calls back for every single change of a kind while the part is on the screen. */
export function useWatch<K extends Kind>(kind: K, watcher: (was: Row<K> | undefined, is: Row<K> | undefined) => void) {
  const { store } = useLive();
  const latest = useRef(watcher);
  latest.current = watcher;
  useEffect(() => store.watch(kind, (was, is) => latest.current(was, is)), [store, kind]);
}

export function useLine(): { line: Line; tryNow: () => void } {
  const { connection } = useLive();
  return { line: useSyncExternalStore(connection.subscribe, connection.current), tryNow: connection.tryNow };
}

/** The server's time in milliseconds; draws again each full second. */
export function useNow(): number {
  const { ticker } = useLive();
  return useSyncExternalStore(ticker.subscribe, ticker.current);
}

/** The server's time when asked, without drawing again. */
export function useClock(): () => number {
  return useLive().clock.now;
}
