import { expect, test } from "vitest";

import { summary } from "../../../src/pages/students/importSummary";

const rows = [
  { line: 2, student_id: "s-1", action: "add" as const },
  { line: 3, student_id: "s-2", action: "change" as const },
  { line: 4, student_id: "s-3", action: "change" as const },
  { line: 5, student_id: "s-4", action: "same" as const },
];

test("a preview says what would be done", () => {
  expect(summary({ applied: false, rows, errors: [] })).toBe(
    "The file would add 1 profile and change 2 profiles; 1 unchanged.",
  );
});

test("an import says what was done", () => {
  expect(summary({ applied: true, rows, errors: [] })).toMatch(
    /^Imported: 1 profile added, 2 profiles changed/,
  );
});

test("with one mistake nothing is imported", () => {
  expect(summary({ applied: false, rows, errors: [{ where: "line 3", reason: "no name" }] })).toMatch(
    /^1 mistake in the file: nothing is imported/,
  );
});
