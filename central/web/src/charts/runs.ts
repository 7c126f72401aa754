import type { Resolution, Shares } from "../api/models";
import { LABELS, total } from "../labels/labels";
import type { Bin } from "./bins";

export type Measure = "share" | "count";

/** Milliseconds of a bucket; a day at which the clocks change is an hour off, which shows nowhere. */
export const STEP: Record<Resolution, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** A corner of the stacked areas. */
export type Corner = Shares & { at: number };

/** Columns without a gap between them. Where nothing was observed nothing is drawn. */
export function runs(bins: readonly Bin[]): Bin[][] {
  const found: Bin[][] = [];
  for (const bin of bins) {
    const run = found.at(-1);
    const before = run?.at(-1);
    if (run !== undefined && before !== undefined && bin.at - before.end < (bin.end - bin.at) / 2)
      run.push(bin);
    else found.push([bin]);
  }
  return found;
}

/** What of a column is stacked. */
export function heights({ shares }: Bin, measure: Measure): Shares {
  const all = measure === "count" ? 1 : Math.max(1, total(shares));
  return Object.fromEntries(LABELS.map((label) => [label, shares[label] / all])) as Shares;
}

/** A run's corners. smooth: columns are joined by their middles; else they are steps. */
export function corners(run: readonly Bin[], smooth: boolean, measure: Measure): Corner[] {
  const inner = run.map((bin) => ({
    ...heights(bin, measure),
    at: smooth ? (bin.at + bin.end) / 2 : bin.at,
  }));
  const [first, last] = [inner[0], inner.at(-1)];
  if (first === undefined || last === undefined) return [];
  const begin = run[0]?.at ?? first.at;
  const end = run.at(-1)?.end ?? last.at;
  if (!smooth) return [...inner, { ...last, at: end }];
  return [{ ...first, at: begin }, ...inner, { ...last, at: end }];
}
