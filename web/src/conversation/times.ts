// Times as people read them, in their own language and time zone.

const HOUR = new Intl.DateTimeFormat(undefined, { hour: "numeric" });
const isOfWholeDay = HOUR.resolvedOptions().hourCycle?.startsWith("h2");
/** `09:12`, `9:12 AM`: what stands under each other on the rail is as wide. */
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: isOfWholeDay ? "2-digit" : "numeric", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAY_OF_YEAR = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const SHORT_DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const DAY_MS = 86_400_000;

/** Whether times need more room than `23:45`: the clock has twelve hours, and says which half of the day it is. */
export const hasLongTimes = (): boolean => CLOCK.format(new Date(2000, 0, 1, 23, 45)).length > "23:45".length;

/** `09:12`. */
export const clockTime = (ms: number): string => CLOCK.format(ms);

/** Everything there is to say about a moment. */
export const fullTime = (ms: number): string => FULL.format(ms);

/** `Tue 3 Nov`. */
export const shortDay = (ms: number): string => SHORT_DAY.format(ms);

/** A name for the day of a moment, the same for all moments of that day. */
export function dayKey(ms: number): string {
  const date = new Date(ms);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** Whether two moments are of the same day. Most are close to each other, and then it costs next to nothing. */
export function isSameDay(aMs: number, bMs: number): boolean {
  return startOfDay(aMs) === startOfDay(bMs);
}

/** `Today`, `Yesterday`, `Thursday 20 November`, with the year when it is another one. */
export function dayLabel(ms: number, nowMs: number): string {
  const days = Math.round((startOfDay(ms) - startOfDay(nowMs)) / DAY_MS);
  if (days === 0 || days === -1) return capitalized(RELATIVE.format(days, "day"));
  const isThisYear = new Date(ms).getFullYear() === new Date(nowMs).getFullYear();
  return (isThisYear ? DAY : DAY_OF_YEAR).format(ms);
}

let knownDay = { startMs: Number.NaN, endMs: Number.NaN };

function startOfDay(ms: number): number {
  if (!(ms >= knownDay.startMs && ms < knownDay.endMs)) {
    const startMs = new Date(ms).setHours(0, 0, 0, 0);
    // Not every day has 24 hours.
    const next = new Date(startMs);
    knownDay = { startMs, endMs: next.setDate(next.getDate() + 1) };
  }
  return knownDay.startMs;
}

function capitalized(text: string): string {
  const [first = ""] = text;
  return first.toLocaleUpperCase() + text.slice(first.length);
}
