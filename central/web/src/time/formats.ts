/** Moments in words and back, always in the school's zone: the dashboard may be open in another. */
import type { Resolution } from "../api/models";

const LOCALE = "en-GB";
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type When = string | number | Date;

export interface Formats {
  zone: string;
  /** 14:05 */
  time: (when: When) => string;
  /** 14:05:09 */
  timeSeconds: (when: When) => string;
  /** Mon 23 Nov 2026 */
  date: (when: When) => string;
  /** 23 Nov 2026, 14:05 */
  dateTime: (when: When) => string;
  /** Mon 23 Nov 2026, 14:05:09 CET */
  full: (when: When) => string;
  /** Just the time today, else with the date. */
  brief: (when: When, now: When) => string;
  /** A bucket of a timeline: 14:05, Mon 14:00, Mon 23 Nov. */
  bucket: (when: When, resolution: Resolution) => string;
  /** 2026-11-23: the day by the school's calendar. */
  day: (when: When) => string;
  /** The instant at which a day (2026-11-23) begins there. */
  dayStart: (day: string) => Date;
}

export function createFormats(zone: string): Formats {
  const format = (options: Intl.DateTimeFormatOptions) => {
    const made = new Intl.DateTimeFormat(LOCALE, { timeZone: zone, hourCycle: "h23", ...options });
    return (when: When) => made.format(new Date(when)).replace(/^(\w{3}), /, "$1 ");
  };
  const time = format({ hour: "2-digit", minute: "2-digit" });
  const date = format({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const dateTime = format({
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  const day = (when: When) => parts.format(new Date(when));
  const buckets: Record<Resolution, (when: When) => string> = {
    minute: time,
    hour: format({ weekday: "short", hour: "2-digit", minute: "2-digit" }),
    day: format({ weekday: "short", day: "numeric", month: "short" }),
  };
  return {
    zone,
    time,
    timeSeconds: format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    date,
    dateTime,
    full: format({
      weekday: "short",
      day: "numeric",
      month: "short",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      timeZoneName: "short",
    }),
    brief: (when, now) => (day(when) === day(now) ? time(when) : dateTime(when)),
    bucket: (when, resolution) => buckets[resolution](when),
    day,
    dayStart: (wanted) => startOf(wanted, zone),
  };
}

/** How far the clocks of a zone are ahead of UTC at an instant, ms. */
function offset(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(instant);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((one) => one.type === type)?.value);
  const shown = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return shown - Math.floor(instant / 1000) * 1000;
}

function startOf(day: string, zone: string): Date {
  const utc = Date.parse(`${day}T00:00:00Z`);
  // Twice: the offset of the first guess may be that of the other side of a change of the clocks.
  const guess = utc - offset(utc, zone);
  return new Date(utc - offset(guess, zone));
}

/** `2026-11-23` moved by some days. */
export function shiftDay(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY * 1000).toISOString().slice(0, 10);
}

/** A length of time in the two largest units that say enough: 45 s, 3 min, 2 h 5 min, 4 d. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < DAY) {
    const minutes = Math.floor((whole % HOUR) / MINUTE);
    return `${Math.floor(whole / HOUR)} h${minutes > 0 ? ` ${minutes} min` : ""}`;
  }
  return `${Math.floor(whole / DAY)} d`;
}

const numbers = new Intl.NumberFormat(LOCALE);
const percents = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 0 });

/** 12,345 */
export function count(value: number): string {
  return numbers.format(value);
}

/** 0.42 as 42% */
export function percent(share: number): string {
  return percents.format(share);
}

/** 1,536,000,000 as 1.5 GB */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"] as const;
  const power = Math.min(units.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** power;
  return `${scaled < 10 && power > 0 ? scaled.toFixed(1) : Math.round(scaled)} ${units[power] ?? "B"}`;
}
