import type { Label, Shares } from "../api/models";

/** In the order in which they are stacked, from the bottom: one order everywhere, so that the eye learns it. */
export const LABELS = ["happy", "neutral", "tired", "sad", "angry"] as const satisfies readonly Label[];

export const NO_SHARES: Shares = { angry: 0, happy: 0, neutral: 0, sad: 0, tired: 0 };

export function total(shares: Shares): number {
  return LABELS.reduce((sum, label) => sum + shares[label], 0);
}

/** "5 happy, 3 neutral": the labels that occur, most frequent first. */
export function inWords(shares: Shares): string {
  const found = LABELS.filter((label) => shares[label] > 0).sort((a, b) => shares[b] - shares[a]);
  return found.length === 0 ? "none" : found.map((label) => `${shares[label]} ${label}`).join(", ");
}
