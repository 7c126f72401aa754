import type { Baseline, Label, Shares } from "../../api/models";
import { LABELS, total } from "../../labels/labels";

/** Fewer observations than this on either side say nothing: at the usual interval it is an hour of being in view. */
export const ENOUGH = 360;
/** Percentage points. Neighbouring observations are hardly independent, so smaller differences are no news. */
export const NOTEWORTHY_POINTS = 5;

export type Part = { count: number; of: number; percent: number };
export type Difference = {
  label: Label;
  recent: Part;
  before: Part;
  /** Recent less before, in percentage points. */
  points: number;
  verdict: "more" | "less" | "same";
};
export type Comparison =
  { enough: true; differences: Difference[] } | { enough: false; recent: number; before: number };

/** A student's last weeks beside the weeks before them: how much of each label, and whether that differs. */
export function compare(baseline: Baseline): Comparison {
  const recent = total(baseline.recent);
  const before = total(baseline.before);
  if (recent < ENOUGH || before < ENOUGH) return { enough: false, recent, before };
  return { enough: true, differences: LABELS.map((label) => difference(label, baseline)) };
}

function difference(label: Label, baseline: Baseline): Difference {
  const recent = part(label, baseline.recent);
  const before = part(label, baseline.before);
  const points = recent.percent - before.percent;
  const verdict = Math.abs(points) < NOTEWORTHY_POINTS ? "same" : points > 0 ? "more" : "less";
  return { label, recent, before, points, verdict };
}

function part(label: Label, shares: Shares): Part {
  const of = total(shares);
  return { count: shares[label], of, percent: (100 * shares[label]) / of };
}
