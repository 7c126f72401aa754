import type { Bucket, Shares, Timeline } from "../api/models";
import { LABELS } from "../labels/labels";
import { runs, STEP } from "./runs";

/** A column of the chart: one bucket, or several minutes together. */
export interface Bin {
  /** Where it begins and ends, ms. */
  at: number;
  end: number;
  shares: Shares;
  observations: number;
  /** null: of several minutes, whose students are partly the same. */
  students: number | null;
  /** Of several: the mean. */
  coverage: number | null;
}

const MINUTES = [1, 2, 5, 10, 15, 30];
/** Columns narrower than this are noise. CSS pixels. */
const NARROWEST = 5;

/** A timeline's runs without a gap, in columns that fit a chart so wide. Only minutes are put together. */
export function binned(timeline: Timeline, width: number): Bin[][] {
  const step = STEP[timeline.resolution];
  const span = Date.parse(timeline.end) - Date.parse(timeline.start);
  const least = (span / step / Math.max(1, width)) * NARROWEST;
  const together = timeline.resolution === "minute" ? (MINUTES.find((one) => one >= least) ?? 30) : 1;
  return together === 1
    ? runs(timeline.buckets.map((bucket) => single(bucket, step)))
    : runs(merged(timeline.buckets, together * step));
}

function single({ at, shares, observations, students, coverage }: Bucket, step: number): Bin {
  return { at: Date.parse(at), end: Date.parse(at) + step, shares, observations, students, coverage };
}

function merged(buckets: readonly Bucket[], length: number): Bin[] {
  const groups = new Map<number, Bucket[]>();
  for (const bucket of buckets) {
    const at = Math.floor(Date.parse(bucket.at) / length) * length;
    const group = groups.get(at);
    if (group === undefined) groups.set(at, [bucket]);
    else group.push(bucket);
  }
  return [...groups].map(([at, members]) => {
    const covered = members.flatMap(({ coverage }) => coverage ?? []);
    return {
      at,
      end: at + length,
      shares: summed(members.map(({ shares }) => shares)),
      observations: members.reduce((sum, { observations }) => sum + observations, 0),
      students: null,
      coverage: covered.length === 0 ? null : covered.reduce((sum, one) => sum + one, 0) / covered.length,
    };
  });
}

export function summed(all: readonly Shares[]): Shares {
  return Object.fromEntries(
    LABELS.map((label) => [label, all.reduce((sum, shares) => sum + shares[label], 0)]),
  ) as Shares;
}
