import { describe, expect, test } from "vitest";
import { bytes, count, createFormats, duration, percent, shiftDay } from "../../src/time/formats";

const berlin = createFormats("Europe/Berlin");

describe("times are the school's, not the computer's", () => {
  test("in winter and in summer", () => {
    expect(berlin.time("2026-11-23T23:30:00Z")).toBe("00:30");
    expect(berlin.time("2026-07-01T23:30:00Z")).toBe("01:30");
    expect(createFormats("America/New_York").time("2026-11-23T23:30:00Z")).toBe("18:30");
  });

  test("and so is the date", () => {
    expect(berlin.day("2026-11-23T23:30:00Z")).toBe("2026-11-24");
    expect(berlin.date("2026-11-23T23:30:00Z")).toBe("Tue 24 Nov 2026");
  });

  test("midnight is 00:00", () => {
    expect(berlin.time("2026-11-22T23:00:00Z")).toBe("00:00");
  });

  test("today needs no date", () => {
    expect(berlin.brief("2026-11-23T08:05:00Z", "2026-11-23T12:00:00Z")).toBe("09:05");
    expect(berlin.brief("2026-11-22T08:05:00Z", "2026-11-23T12:00:00Z")).toBe("22 Nov 2026, 09:05");
  });

  test("the full form names the zone", () => {
    expect(berlin.full("2026-11-23T08:05:09Z")).toBe("Mon 23 Nov 2026, 09:05:09 CET");
  });
});

// One per kind of day: usual, shorter, longer, and a zone where the clocks change at midnight itself.
test.each([
  ["Europe/Berlin", "2026-11-23", "2026-11-22T23:00:00.000Z"],
  ["Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00.000Z"],
  ["Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00.000Z"],
  ["Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00.000Z"],
  ["Europe/Berlin", "2026-10-26", "2026-10-25T23:00:00.000Z"],
  ["America/New_York", "2026-11-23", "2026-11-23T05:00:00.000Z"],
  ["Asia/Kolkata", "2026-11-23", "2026-11-22T18:30:00.000Z"],
  ["UTC", "2026-11-23", "2026-11-23T00:00:00.000Z"],
])("in %s the day %s begins at %s", (zone, day, begins) => {
  expect(createFormats(zone).dayStart(day).toISOString()).toBe(begins);
});

test.each([
  ["2026-03-01", -1, "2026-02-28"],
  ["2026-12-31", 1, "2027-01-01"],
])("%s moved by %i is %s", (day, days, moved) => {
  expect(shiftDay(day, days)).toBe(moved);
});

test.each([
  [-3, "0 s"],
  [59.9, "59 s"],
  [60, "1 min"],
  [3599, "59 min"],
  [7200, "2 h"],
  [7500, "2 h 5 min"],
  [200_000, "2 d"],
])("%d seconds are %s", (seconds, words) => {
  expect(duration(seconds)).toBe(words);
});

test("figures are written as people read them", () => {
  expect([count(12345), percent(0.425), bytes(0), bytes(999), bytes(1_536_000_000), bytes(15e6)]).toEqual([
    "12,345",
    "43%",
    "0 B",
    "999 B",
    "1.5 GB",
    "15 MB",
  ]);
});
