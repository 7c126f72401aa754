import { expect, test } from "vitest";

import { receiptText } from "../../../src/pages/students/receiptText";
import { receipt } from "../data";

test("a saved receipt says what was erased, by whom and what is left to do", () => {
  const text = receiptText(receipt({ retained_messages: null }), "Hill School", () => "20 Nov 2026, 11:20");
  expect(text).toContain("Receipt E-2026-0007: erasure of student s-042");
  expect(text).toContain("Hill School, 20 Nov 2026, 11:20, by a.smith");
  expect(text).toContain("Observations erased: 12,345");
  expect(text).toContain("Retained messages at the broker: the broker could not be asked");
  expect(text).toContain("- Run classpulse-edge forget s-042 in room-101.");
});
