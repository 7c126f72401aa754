import { expect, test } from "vitest";
import { tickText, timeTicks } from "../../src/charts/ticks";
import { createFormats } from "../../src/time/formats";

const kolkata = createFormats("Asia/Kolkata");
const berlin = createFormats("Europe/Berlin");

function ticks(start: string, end: string, wanted: number, formats = berlin): string[] {
  const [from, to] = [Date.parse(start), Date.parse(end)];
  return timeTicks(from, to, wanted, formats).map((at) => tickText(at, to - from, formats));
}

test("ticks are round moments of the school's clock", () => {
  expect(ticks("2026-11-23T07:10:00Z", "2026-11-23T11:00:00Z", 6)).toEqual([
    "09:00",
    "10:00",
    "11:00",
    "12:00",
  ]);
  expect(ticks("2026-11-23T02:40:00Z", "2026-11-23T05:00:00Z", 3, kolkata)).toEqual(["09:00", "10:00"]);
});

test("a tick on which a day begins names it", () => {
  expect(ticks("2026-11-22T12:00:00Z", "2026-11-23T14:00:00Z", 4)).toEqual(["Mon 23", "12:00"]);
});

test("over weeks ticks are days, at midnight though the clocks change", () => {
  expect(ticks("2026-10-20T22:00:00Z", "2026-10-29T23:00:00Z", 10)).toEqual([
    "Wed 21",
    "Thu 22",
    "Fri 23",
    "Sat 24",
    "Sun 25",
    "Mon 26",
    "Tue 27",
    "Wed 28",
    "Thu 29",
    "Fri 30",
  ]);
});

test("a year has a dozen or so", () => {
  const found = ticks("2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z", 12);
  expect(found.length).toBeGreaterThan(2);
  expect(found.length).toBeLessThan(14);
});
