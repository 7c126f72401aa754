import { useEffect, useId, useRef, useState, type ReactElement, type SubmitEvent } from "react";
import { useApi, fieldError, useSave } from "../../api/hooks";
import type { GroupView, StudentView } from "../../api/models";
import { Button } from "../../design/Button";
import { Dialog } from "../../design/Dialog";
import { TextArea, TextField } from "../../design/Form";
import { ErrorNotice } from "../../design/States";
import { useToast } from "../../design/toasts";
import {
  changesOf,
  draftOf,
  emptyDraft,
  mistakesIn,
  newStudentOf,
  type DraftErrors,
  type ProfileDraft,
} from "./profileDraft";
import { ABOUT_STUDENTS, studentPath } from "./paths";
import "../../design/lists.css";

interface ProfileDialogProps {
  /** Whose profile is edited; null: a new one is made. */
  student: StudentView | null;
  /** For a new profile: the ID that devices already send. */
  studentId?: string;
  onClose: () => void;
}

export function ProfileDialog({ student, studentId = "", onClose }: ProfileDialogProps): ReactElement {
  const [draft, setDraft] = useState(() => (student === null ? emptyDraft(studentId) : draftOf(student)));
  const [mistakes, setMistakes] = useState<DraftErrors>({});
  const [attempts, setAttempts] = useState(0);
  const groups = useApi<GroupView[]>("/api/groups");
  const save = useSave<StudentView>(ABOUT_STUDENTS);
  const tell = useToast();
  const form = useId();
  const fields = useRef<HTMLFormElement>(null);
  useEffect(() => {
    fields.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [attempts, save.error]);
  const groupList = useId();

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const found = mistakesIn(draft);
    setMistakes(found);
    setAttempts(attempts + 1);
    if (Object.keys(found).length > 0) return;
    save.mutate(request(draft, student), {
      onSuccess: (saved) => {
        tell(
          student === null ? `${saved.display_name} has a profile now.` : `${saved.display_name} is saved.`,
        );
        onClose();
      },
    });
  };
  const wired = (key: keyof ProfileDraft) => ({
    value: draft[key],
    onChange: (event: { target: { value: string } }) => {
      setDraft({ ...draft, [key]: event.target.value });
      setMistakes({ ...mistakes, [key]: undefined });
    },
    error: mistakes[key] ?? fieldError(save.error, key),
  });

  return (
    <Dialog
      title={student === null ? "New student" : `Edit ${student.display_name}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={form} busy={save.isPending}>
            {student === null ? "Create" : "Save"}
          </Button>
        </>
      }
    >
      <form id={form} ref={fields} className="stack" noValidate onSubmit={submit}>
        {save.error !== null && <ErrorNotice error={save.error} />}
        {student === null && (
          <TextField
            label="Student ID"
            hint="As enrolled in the classrooms. It cannot be changed later."
            maxLength={63}
            required
            readOnly={studentId !== ""}
            data-autofocus={studentId === "" || undefined}
            {...wired("student_id")}
          />
        )}
        <TextField
          label="Name"
          maxLength={100}
          required
          data-autofocus={student !== null || studentId !== "" || undefined}
          {...wired("display_name")}
        />
        <div className="form-pair">
          <TextField label="Group" maxLength={64} list={groupList} {...wired("group")} />
          <TextField label="Tags" hint="Separated by commas." {...wired("tags")} />
        </div>
        <datalist id={groupList}>
          {groups.data?.map(({ group }) => (
            <option key={group} value={group} />
          ))}
        </datalist>
        <div className="form-pair">
          <TextField
            label="Consent reference"
            hint="Where the signed form is filed."
            maxLength={200}
            required
            {...wired("consent_reference")}
          />
          <TextField
            label="Consent expires"
            hint="Empty: it has no end."
            type="date"
            {...wired("consent_expires")}
          />
        </div>
        <TextArea label="Notes" maxLength={2000} rows={3} {...wired("notes")} />
      </form>
    </Dialog>
  );
}

function request(draft: ProfileDraft, student: StudentView | null) {
  return student === null
    ? { method: "POST" as const, path: "/api/students", body: newStudentOf(draft) }
    : { method: "PATCH" as const, path: studentPath(student.student_id), body: changesOf(draft, student) };
}
