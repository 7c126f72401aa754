import { expect, test } from "vitest";

import { keeping } from "../../../src/pages/settings/keeping";
import { settings } from "../data";

test("each resolution is told with its key, long times in years too", () => {
  expect(keeping(settings().store).map((one) => [one.key, one.value])).toEqual([
    ["[store] keep_days", "30 days"],
    ["[store] keep_minutes_days", "30 days"],
    ["[store] keep_hours_days", "400 days"],
    ["[store] keep_days_days", "3,650 days (about 10 years)"],
  ]);
});
