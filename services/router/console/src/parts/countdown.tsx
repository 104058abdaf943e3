// A drawing of a server deadline: the bar is one transform that the browser moves by itself, the text ticks.
import { useEffect, useRef } from "react";
import { useText } from "../i18n/text";
import { useTimes } from "../i18n/time";
import { fractionLeft, secondsLeft } from "../live/clock";
import { useClock, useLine, useNow } from "../live/live";
import { announce } from "./announce";

const SAID_AT = [30, 10];

interface Span {
  start: string;
  deadline: string;
}

function Bar({ start, deadline }: Span) {
  const bar = useRef<HTMLSpanElement>(null);
  const clock = useClock();
  useEffect(() => {
    const now = clock();
    const from = fractionLeft(start, deadline, now);
    const left = Math.max(0, Date.parse(deadline) - now);
    const moves = window.matchMedia("(prefers-reduced-motion: no-preference)").matches;
    if (!moves || !bar.current) return undefined;
    const frames = [{ transform: `scaleX(${from})` }, { transform: "scaleX(0)" }];
    const animation = bar.current.animate(frames, { duration: left, fill: "forwards" });
    return () => animation.cancel();
  }, [clock, start, deadline]);
  return (
    <span className="countdown-bar" aria-hidden="true">
      <span ref={bar} />
    </span>
  );
}

/** Seconds left of an offer, said aloud at 30 and 10 only. */
export function Countdown({ start, deadline }: Span) {
  const text = useText();
  const times = useTimes();
  const left = secondsLeft(start, deadline, useNow());
  const { line } = useLine();
  const said = useRef(left);

  useEffect(() => {
    const mark = SAID_AT.find((second) => left <= second && said.current > second);
    said.current = left;
    if (mark !== undefined && left > 0) announce(text("offer.left", { seconds: left }), "assertive");
  }, [left, text]);

  return (
    <span className={line.phase === "lost" ? "countdown stale" : "countdown"} role="timer" aria-live="off">
      <Bar start={start} deadline={deadline} />
      <span className={left <= 10 ? "countdown-text last" : "countdown-text"}>{times.ticking(left)}</span>
    </span>
  );
}
