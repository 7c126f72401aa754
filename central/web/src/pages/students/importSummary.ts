import type { ImportResult } from "../../api/models";

export type ImportCounts = { add: number; change: number; same: number };

export function countActions(result: ImportResult): ImportCounts {
  const counts: ImportCounts = { add: 0, change: 0, same: 0 };
  for (const row of result.rows) counts[row.action] += 1;
  return counts;
}

/** One sentence, read out to whoever cannot see the table. */
export function summary(result: ImportResult): string {
  if (result.errors.length > 0) {
    const lines = result.errors.length === 1 ? "1 mistake" : `${result.errors.length} mistakes`;
    return `${lines} in the file: nothing is imported until the file has none.`;
  }
  const { add, change, same } = countActions(result);
  if (result.applied)
    return `Imported: ${profiles(add)} added, ${profiles(change)} changed, ${same} unchanged.`;
  if (add + change === 0) return `Nothing to import: ${profiles(same)} in the file are as they are here.`;
  return `The file would add ${profiles(add)} and change ${profiles(change)}; ${same} unchanged.`;
}

function profiles(amount: number): string {
  return amount === 1 ? "1 profile" : `${amount} profiles`;
}
