import type { Device } from "../../api/models";
import { byName } from "../../names";

/** A health message is sent every 30 seconds unless the device's config says otherwise. */
const STALE_SECONDS = 300;

export type Condition = "online" | "stale" | "offline" | "unknown";

/** Stale: the broker calls it online, but its figures are old. now: central's time, ms. */
export function condition(device: Device, now: number): Condition {
  if (device.online === null) return "unknown";
  if (!device.online) return "offline";
  const age = device.health_at === null ? Infinity : (now - Date.parse(device.health_at)) / 1000;
  return age > STALE_SECONDS ? "stale" : "online";
}

/** Those that a technician should look at first, the others by name; simulated ones last. */
export function inOrder(devices: Device[]): Device[] {
  return devices.toSorted(
    (one, other) =>
      Number(one.simulated) - Number(other.simulated) ||
      Number(other.complaints.length > 0) - Number(one.complaints.length > 0) ||
      byName(one.classroom, other.classroom),
  );
}

/** Whole days until the end of a date, by the school's calendar; below zero: it has passed. */
export function daysUntil(date: string, today: string): number {
  return Math.round((Date.parse(`${date}T00:00:00Z`) - Date.parse(`${today}T00:00:00Z`)) / 86_400_000);
}

/** Messages of any reason. */
export function rejectedTotal(device: Device): number {
  return Object.values(device.rejected).reduce((sum, times) => sum + times, 0);
}
