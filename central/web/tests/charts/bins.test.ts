import { expect, test } from "vitest";
import { binned } from "../../src/charts/bins";
import { corners } from "../../src/charts/runs";
import { bucket, timeline } from "./timelines";

function minutes(...offsets: number[]) {
  return offsets.map((minute) =>
    bucket(new Date(Date.parse("2026-11-23T08:00:00Z") + minute * 60_000).toISOString(), {
      happy: 1,
      sad: 1,
    }),
  );
}

test("where nothing was observed nothing is drawn", () => {
  const found = binned(timeline("minute", minutes(0, 1, 2, 30, 31)), 2000);
  expect(found.map((run) => run.length)).toEqual([3, 2]);
});

test("in a narrow chart minutes are put together, and nothing of them is lost", () => {
  const found = binned(timeline("minute", minutes(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)), 120).flat();
  expect(
    found.map(({ at, end, shares, observations }) => [(end - at) / 60_000, shares.happy, observations]),
  ).toEqual([
    [5, 5, 10],
    [5, 5, 10],
  ]);
  // The same students may be in several minutes: their number is not a sum.
  expect(found[0]?.students).toBeNull();
});

test("coverage of minutes together is their mean", () => {
  const two = [0.5, 1].map((coverage, index) => ({ ...minutes(index)[0], coverage }));
  const found = binned(timeline("minute", two as ReturnType<typeof minutes>), 60).flat();
  expect(found[0]?.coverage).toBe(0.75);
});

test("hours stay hours however narrow the chart", () => {
  const hours = ["08", "09"].map((hour) => bucket(`2026-11-23T${hour}:00:00Z`, { happy: 1 }));
  expect(binned(timeline("hour", hours), 10).flat()).toHaveLength(2);
});

test("shares add up to one in every corner, and the areas reach the ends of the run", () => {
  const [run = []] = binned(timeline("minute", minutes(0, 1)), 2000);
  const drawn = corners(run, true, "share");
  expect(drawn.map(({ happy, sad }) => happy + sad)).toEqual([1, 1, 1, 1]);
  expect([drawn[0]?.at, drawn.at(-1)?.at]).toEqual([run[0]?.at, run[1]?.end]);
});

test("a single hour has a width too", () => {
  const [run = []] = binned(timeline("hour", [bucket("2026-11-23T08:00:00Z", { tired: 4 })]), 500);
  expect(corners(run, false, "count").map(({ at, tired }) => [new Date(at).toISOString(), tired])).toEqual([
    ["2026-11-23T08:00:00.000Z", 4],
    ["2026-11-23T09:00:00.000Z", 4],
  ]);
});
