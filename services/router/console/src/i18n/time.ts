// Times and spans as people of each language write them. Everything comes from Intl; no text is glued.
import { type IntlShape, useIntl } from "react-intl";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function unit(intl: IntlShape, value: number, name: "second" | "minute" | "hour" | "day"): string {
  return intl.formatNumber(value, { style: "unit", unit: name, unitDisplay: "short" });
}

function parts(seconds: number): [number, "second" | "minute" | "hour" | "day"][] {
  const span = Math.max(0, Math.round(seconds));
  if (span < MINUTE) return [[span, "second"]];
  if (span < HOUR) return [[Math.floor(span / MINUTE), "minute"]];
  if (span < DAY) {
    return [
      [Math.floor(span / HOUR), "hour"],
      [Math.floor((span % HOUR) / MINUTE), "minute"],
    ];
  }
  return [
    [Math.floor(span / DAY), "day"],
    [Math.floor((span % DAY) / HOUR), "hour"],
  ];
}

export interface Times {
  /** "45 sec", "12 min", "3 hr 10 min", "2 days 4 hr". */
  span: (seconds: number) => string;
  /** "9:14 AM" today, else with the date. */
  moment: (time: string, now: number) => string;
  /** "0:41": a figure that ticks. */
  ticking: (seconds: number) => string;
}

export function timesOf(intl: IntlShape): Times {
  return {
    span(seconds) {
      const shown = parts(seconds).filter(([value], index) => index === 0 || value > 0);
      const list = shown.map(([value, name]) => unit(intl, value, name));
      return intl.formatList(list, { type: "unit", style: "narrow" });
    },
    moment(time, now) {
      const date = new Date(time);
      const today = date.toDateString() === new Date(now).toDateString();
      return intl.formatDate(date, { timeStyle: "short", dateStyle: today ? undefined : "medium" });
    },
    ticking(seconds) {
      const two = (value: number) => intl.formatNumber(value, { minimumIntegerDigits: 2, useGrouping: false });
      const clock = [Math.floor((seconds % HOUR) / MINUTE), seconds % MINUTE];
      const hours = Math.floor(seconds / HOUR);
      return hours > 0 ? [hours, ...clock.map(two)].join(":") : [clock[0], two(clock[1] ?? 0)].join(":");
    },
  };
}

export function useTimes(): Times {
  return timesOf(useIntl());
}
