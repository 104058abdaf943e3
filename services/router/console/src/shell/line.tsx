// The line to the server: a word in the header, a banner when it is cut.
import { useText } from "../i18n/text";
import { useTimes } from "../i18n/time";
import { useLine, useNow } from "../live/live";
import { Button } from "../parts/button";

export function LineState() {
  const text = useText();
  const { line } = useLine();
  return (
    <span className={`line line-${line.phase}`}>
      <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
        <circle cx="10" cy="10" r="4" />
      </svg>
      <span>{text(`line.${line.phase}`)}</span>
    </span>
  );
}

export function LostLine() {
  const text = useText();
  const times = useTimes();
  const { line, tryNow } = useLine();
  const now = useNow();
  if (line.phase !== "lost") return null;
  const seconds = Math.max(0, Math.ceil((line.retryAt - now) / 1000));
  return (
    <div className="banner" role="region" aria-label={text("line.lost")}>
      <p>
        {line.asOf === null
          ? text("line.no-connection")
          : text("line.as-of", { moment: times.moment(new Date(line.asOf).toISOString(), now) })}{" "}
        <span>{text("line.next-try", { seconds })}</span>
      </p>
      <Button act={tryNow}>{text("line.try-now")}</Button>
    </div>
  );
}
