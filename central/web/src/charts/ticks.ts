import type { Formats } from "../time/formats";
import { shiftDay } from "../time/formats";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * MINUTE);
const DAYS = [1, 2, 7, 14, 28, 91, 182];

/** Round moments of the school's clock between start and end, ms: about `wanted` of them, on days' beginnings if far apart. */
export function timeTicks(start: number, end: number, wanted: number, formats: Formats): number[] {
  const least = (end - start) / Math.max(1, wanted);
  const step = STEPS.find((one) => one >= least);
  const days = DAYS.find((one) => one * DAY >= least) ?? 365;
  const ticks: number[] = [];
  let day = formats.day(start);
  for (let began = 0; began <= end; day = shiftDay(day, step === undefined ? days : 1)) {
    began = formats.dayStart(day).getTime();
    const next = formats.dayStart(shiftDay(day, 1)).getTime();
    for (let at = began; at < next; at += step ?? Infinity) {
      if (at >= start && at <= end) ticks.push(at);
    }
  }
  return ticks;
}

/** A tick in words: the time, or the day where one begins. */
export function tickText(at: number, span: number, formats: Formats): string {
  const begins = formats.dayStart(formats.day(at)).getTime() === at;
  if (!begins && span < 14 * DAY) return formats.time(at);
  const [weekday, ...date] = formats.date(at).split(" ");
  return span < 14 * DAY ? `${weekday ?? ""} ${date[0] ?? ""}` : date.slice(0, 2).join(" ");
}
