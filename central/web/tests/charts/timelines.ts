import type { Bucket, Resolution, Shares, Timeline } from "../../src/api/models";
import { NO_SHARES, total } from "../../src/labels/labels";

export function bucket(at: string, shares: Partial<Shares>, more: Partial<Bucket> = {}): Bucket {
  const all = { ...NO_SHARES, ...shares };
  return { at, shares: all, observations: total(all), students: 3, coverage: null, ...more };
}

export function timeline(resolution: Resolution, buckets: Bucket[], more: Partial<Timeline> = {}): Timeline {
  const span = { start: "2026-11-23T08:00:00Z", end: "2026-11-23T10:00:00Z" };
  return { ...span, resolution, kept_since: null, hidden: false, buckets, ...more };
}
