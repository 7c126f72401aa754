import { expect, test } from "vitest";

import { weekHours } from "../../../src/pages/student/weekHours";
import { shares } from "../data";

test("hours between the first and the last are rows, though nothing was seen in some", () => {
  const grid = weekHours(
    [
      { weekday: 0, hour: 8, shares: shares({ tired: 30, neutral: 70 }) },
      { weekday: 4, hour: 11, shares: shares({ neutral: 100 }) },
    ],
    "tired",
  );
  expect(grid.rows.map((row) => row.hour)).toEqual([8, 9, 10, 11]);
  expect(grid.rows[0]?.cells[0]).toEqual({ count: 30, of: 100, percent: 30 });
  expect(grid.rows[0]?.cells[1]).toBeNull();
  expect(grid.rows[3]?.cells[4]).toEqual({ count: 0, of: 100, percent: 0 });
});

test("a share of few observations is not given, its counts are", () => {
  const grid = weekHours([{ weekday: 2, hour: 9, shares: shares({ happy: 59 }) }], "happy");
  expect(grid.rows[0]?.cells[2]).toEqual({ count: 59, of: 59, percent: null });
});

test("the weekend has columns only when something was seen then", () => {
  const saturday = { weekday: 5, hour: 9, shares: shares({ happy: 80 }) };
  expect(weekHours([{ ...saturday, weekday: 1 }], "happy").weekdays).toEqual([0, 1, 2, 3, 4]);
  expect(weekHours([saturday], "happy").weekdays).toEqual([0, 1, 2, 3, 4, 5]);
});

test("nothing seen gives no rows", () => {
  expect(weekHours([{ weekday: 0, hour: 8, shares: shares() }], "sad").rows).toEqual([]);
});
