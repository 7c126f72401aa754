import { expect, test } from "vitest";

import {
  changesOf,
  draftOf,
  emptyDraft,
  mistakesIn,
  newStudentOf,
} from "../../../src/pages/students/profileDraft";
import { student } from "../data";

test("only what was edited is sent", () => {
  const before = student();
  expect(changesOf({ ...draftOf(before), display_name: " Ada King " }, before)).toEqual({
    display_name: "Ada King",
  });
  expect(changesOf(draftOf(before), before)).toEqual({});
});

test("an emptied group and consent date are taken away", () => {
  const before = student();
  expect(changesOf({ ...draftOf(before), group: " ", consent_expires: "" }, before)).toEqual({
    group: null,
    consent_expires: null,
  });
});

test("tags are separated by commas, and repeated ones are one", () => {
  const draft = {
    ...emptyDraft("s-1"),
    display_name: "Bo",
    consent_reference: "f1",
    tags: "choir, ,chess,choir",
  };
  expect(newStudentOf(draft).tags).toEqual(["choir", "chess"]);
});

test("an ID that no device could send is named beside its field", () => {
  const draft = { ...emptyDraft("S 042"), display_name: "Bo", consent_reference: "f1" };
  expect(Object.keys(mistakesIn(draft))).toEqual(["student_id"]);
  expect(mistakesIn({ ...draft, student_id: "s-042" })).toEqual({});
});
