import { expect, test } from "vitest";

import { figureGroups, models, number, version } from "../../../src/pages/devices/health";

const shown = (health: Record<string, unknown>) =>
  figureGroups(health).flatMap((group) => group.figures.map((figure) => `${figure.name}: ${figure.value}`));

test("figures have words and units", () => {
  expect(
    shown({
      frames_per_second: 7.44,
      temperature_celsius: 61.25,
      spool_oldest_seconds: 5400,
      disk_free_bytes: 21_400_000_000,
      camera: "failed",
    }),
  ).toEqual([
    "Camera: failed",
    "Frames looked at: 7.4 per second",
    "The first has waited: 1 h 30 min",
    "Processor temperature: 61.3 °C",
    "Disk free: 21 GB",
  ]);
});

test("throttled bits are told as what is now and what was since the boot", () => {
  expect(shown({ throttled_bits: 0x50001 })).toEqual([
    "Power and heat now: supply voltage too low",
    "Since its boot: supply voltage too low, slowed down",
  ]);
});

test("what the device did not say is left out, and unknown keys are ignored", () => {
  expect(figureGroups({ colour: "red" })).toEqual([]);
  expect(number(null, "spool_depth")).toBeNull();
  expect(version({ version: 7 })).toBeNull();
});

test("models are given with their digests", () => {
  expect(models({ models: { detector: "0123456789ab" } })).toEqual([["detector", "0123456789ab"]]);
});
