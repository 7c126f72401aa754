import type { Label, PatternCell, Shares } from "../../api/models";
import { total } from "../../labels/labels";

/** A share of fewer observations is not shown: ten minutes in view at the usual interval. */
export const ENOUGH_IN_CELL = 60;

export type HourCell = {
  count: number;
  of: number;
  /** Percent; null: too few observations to say. */
  percent: number | null;
};
export type HourRow = { hour: number; cells: (HourCell | null)[] };
export type WeekHours = { weekdays: number[]; rows: HourRow[] };

const SCHOOL_DAYS = [0, 1, 2, 3, 4];

/** Hours below each other, weekdays beside each other; Saturday and Sunday only where something was observed. */
export function weekHours(cells: PatternCell[], label: Label): WeekHours {
  const seen = new Map(
    cells.filter((cell) => total(cell.shares) > 0).map((cell) => [at(cell.weekday, cell.hour), cell]),
  );
  const hours = [...seen.values()].map((cell) => cell.hour);
  if (hours.length === 0) return { weekdays: SCHOOL_DAYS, rows: [] };
  const weekend = [5, 6].filter((day) => [...seen.values()].some((cell) => cell.weekday === day));
  const weekdays = [...SCHOOL_DAYS, ...weekend];
  const rows: HourRow[] = [];
  for (let hour = Math.min(...hours); hour <= Math.max(...hours); hour++) {
    const found = weekdays.map((day) => seen.get(at(day, hour)));
    rows.push({ hour, cells: found.map((cell) => (cell ? hourCell(cell.shares, label) : null)) });
  }
  return { weekdays, rows };
}

function at(weekday: number, hour: number): number {
  return weekday * 24 + hour;
}

function hourCell(shares: Shares, label: Label): HourCell {
  const of = total(shares);
  const count = shares[label];
  return { count, of, percent: of < ENOUGH_IN_CELL ? null : (100 * count) / of };
}
