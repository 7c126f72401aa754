const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Puts names in the order that people expect: room-9 before room-10, whatever their case. */
export function byName(left: string, right: string): number {
  return collator.compare(left, right);
}
