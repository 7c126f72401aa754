import type { NewStudent, StudentView } from "../../api/models";

/** What an admin may write of a student; without it PATCH leaves things as they are. */
export type Profile = Omit<NewStudent, "student_id">;
/** A profile as it stands in the form: text only. */
export interface ProfileDraft {
  student_id: string;
  display_name: string;
  group: string;
  /** Separated by commas. */
  tags: string;
  notes: string;
  consent_reference: string;
  /** A date, or empty: no end. */
  consent_expires: string;
}
export type DraftErrors = Partial<Record<keyof ProfileDraft, string>>;

/** As `edge.wire.ID_PATTERN` has it. */
const STUDENT_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

export function emptyDraft(studentId = ""): ProfileDraft {
  return {
    student_id: studentId,
    display_name: "",
    group: "",
    tags: "",
    notes: "",
    consent_reference: "",
    consent_expires: "",
  };
}

export function draftOf(student: StudentView): ProfileDraft {
  return {
    student_id: student.student_id,
    display_name: student.display_name,
    group: student.group ?? "",
    tags: student.tags.join(", "),
    notes: student.notes,
    consent_reference: student.consent_reference,
    consent_expires: student.consent_expires ?? "",
  };
}

export function profileOf(draft: ProfileDraft): Profile {
  const tags = draft.tags.split(",").map((tag) => tag.trim());
  return {
    display_name: draft.display_name.trim(),
    group: draft.group.trim() || null,
    tags: [...new Set(tags.filter((tag) => tag !== ""))],
    notes: draft.notes.trim(),
    consent_reference: draft.consent_reference.trim(),
    consent_expires: draft.consent_expires || null,
  };
}

export function newStudentOf(draft: ProfileDraft): NewStudent {
  return { student_id: draft.student_id.trim(), ...profileOf(draft) };
}

/** Only what differs, for PATCH; empty: nothing was changed. */
export function changesOf(draft: ProfileDraft, student: StudentView): Partial<Profile> {
  const before = profileOf(draftOf(student));
  const after = profileOf(draft);
  const keys = Object.keys(after) as (keyof Profile)[];
  return Object.fromEntries(
    keys
      .filter((key) => JSON.stringify(after[key]) !== JSON.stringify(before[key]))
      .map((key) => [key, after[key]]),
  );
}

/** What can be seen without asking central, so that it is said beside the field at once. */
export function mistakesIn(draft: ProfileDraft): DraftErrors {
  const errors: DraftErrors = {};
  const id = draft.student_id.trim();
  if (id === "") errors.student_id = "Write the ID that the devices send.";
  else if (!STUDENT_ID.test(id))
    errors.student_id = "Lower-case letters, digits and hyphens, at most 63, a letter or digit first: s-042.";
  if (draft.display_name.trim() === "") errors.display_name = "Write the name that the dashboard shows.";
  if (draft.consent_reference.trim() === "")
    errors.consent_reference = "Write where the consent is filed; without one nobody is enrolled.";
  return errors;
}
