import { expect, test } from "vitest";

import { condition, daysUntil, inOrder } from "../../../src/pages/devices/order";
import { device } from "../data";

const now = Date.parse("2026-11-20T10:15:00Z");

test("a device with complaints comes first, simulated ones last, the others by number", () => {
  const found = inOrder([
    device({ classroom: "room-10" }),
    device({ classroom: "simulated-1", simulated: true, complaints: ["offline"] }),
    device({ classroom: "room-2" }),
    device({ classroom: "room-30", complaints: ["too hot"] }),
  ]);
  expect(found.map((one) => one.classroom)).toEqual(["room-30", "room-2", "room-10", "simulated-1"]);
});

test("online with old figures is stale, offline stays offline", () => {
  const old = "2026-11-20T10:09:59Z";
  expect(condition(device(), now)).toBe("online");
  expect(condition(device({ health_at: old }), now)).toBe("stale");
  expect(condition(device({ online: false, health_at: old }), now)).toBe("offline");
  expect(condition(device({ online: null }), now)).toBe("unknown");
});

test("days until a date are counted by the calendar", () => {
  expect(daysUntil("2026-11-21", "2026-11-20")).toBe(1);
  expect(daysUntil("2026-11-19", "2026-11-20")).toBe(-1);
});
