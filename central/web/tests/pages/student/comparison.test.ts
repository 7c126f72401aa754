import { expect, test } from "vitest";

import { compare } from "../../../src/pages/student/comparison";
import { shares } from "../data";

const dates = { recent_start: "2026-11-06T00:00:00Z", before_start: "2026-10-09T00:00:00Z" };

test("too few recent observations are not compared, and the counts are told", () => {
  const found = compare({ ...dates, recent: shares({ happy: 359 }), before: shares({ happy: 9000 }) });
  expect(found).toEqual({ enough: false, recent: 359, before: 9000 });
});

test("a label that rose by more than five points is more than before", () => {
  const found = compare({
    ...dates,
    recent: shares({ tired: 200, neutral: 800 }),
    before: shares({ tired: 100, neutral: 900 }),
  });
  expect(found.enough && found.differences.find((one) => one.label === "tired")).toMatchObject({
    verdict: "more",
    recent: { count: 200, of: 1000, percent: 20 },
    before: { count: 100, of: 1000, percent: 10 },
    points: 10,
  });
  expect(found.enough && found.differences.find((one) => one.label === "neutral")?.verdict).toBe("less");
});

test("a difference under five points is none", () => {
  const found = compare({
    ...dates,
    recent: shares({ sad: 149, neutral: 851 }),
    before: shares({ sad: 100, neutral: 900 }),
  });
  expect(found.enough && found.differences.map((one) => one.verdict)).toEqual(Array(5).fill("same"));
});
