import { useId, useState, type ReactElement, type SubmitEvent } from "react";
import { useRefresh, useSave } from "../../api/hooks";
import type { Receipt } from "../../api/models";
import { Button } from "../../design/Button";
import { Dialog } from "../../design/Dialog";
import { TextField } from "../../design/Form";
import { ErrorNotice } from "../../design/States";
import { ABOUT_STUDENTS, studentPath } from "./paths";
import { ReceiptView } from "./ReceiptView";
import "../../design/lists.css";
import "./students.css";

interface EraseDialogProps {
  studentId: string;
  /** Null: no profile has the ID. */
  name: string | null;
  /** Called with true when the student was erased. */
  onClose: (erased: boolean) => void;
}

/** Erasure in three steps: what it means, the ID typed as confirmation, the receipt. */
export function EraseDialog({ studentId, name, onClose }: EraseDialogProps): ReactElement {
  const [receipt, setReceipt] = useState<Receipt | null>(null);
  const refresh = useRefresh();
  if (receipt !== null) {
    return (
      <ReceiptView
        receipt={receipt}
        onClose={() => {
          onClose(true);
          // Not before: whoever shows this dialog may show nothing more once the student is gone.
          void refresh(ABOUT_STUDENTS);
        }}
      />
    );
  }
  return (
    <Confirmation
      studentId={studentId}
      name={name}
      onErased={setReceipt}
      onClose={() => {
        onClose(false);
      }}
    />
  );
}

interface ConfirmationProps {
  studentId: string;
  name: string | null;
  onErased: (receipt: Receipt) => void;
  onClose: () => void;
}

function Confirmation({ studentId, name, onErased, onClose }: ConfirmationProps): ReactElement {
  const [typed, setTyped] = useState("");
  const erase = useSave<Receipt>();
  const form = useId();
  const who = name ?? studentId;
  const confirmed = typed.trim() === studentId;

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!confirmed || erase.isPending) return;
    erase.mutate(
      { method: "DELETE", path: studentPath(studentId), body: { confirm: studentId } },
      { onSuccess: onErased },
    );
  };
  const close = () => {
    if (!erase.isPending) onClose();
  };

  return (
    <Dialog
      title={`Erase ${who}`}
      onClose={close}
      foot={
        <>
          <Button onClick={close} disabled={erase.isPending}>
            Cancel
          </Button>
          <Button look="danger" type="submit" form={form} disabled={!confirmed} busy={erase.isPending}>
            {erase.isPending ? "Erasing…" : "Erase for ever"}
          </Button>
        </>
      }
    >
      {erase.error !== null && <ErrorNotice error={erase.error} />}
      <p>This cannot be undone. It erases from central:</p>
      <ul className="plain-list">
        <li>the profile: name, group, tags, notes, consent reference;</li>
        <li>every single observation of {studentId};</li>
        <li>their minutes, hours and days, and their part in those of their classrooms;</li>
        <li>what is shown live.</li>
      </ul>
      <p>
        It does not reach the classrooms&apos; devices: run{" "}
        <code>sudo classpulse-edge forget {studentId}</code>
        on each that knows the student. Until then what they send of {studentId} is refused here. Backups have
        to be dealt with by whoever keeps them.
      </p>
      <p>
        The audit log keeps the ID: who looked at it, and this erasure with its receipt. To stop showing a
        student and keep the history, archive the profile instead.
      </p>
      <form id={form} noValidate onSubmit={submit}>
        <TextField
          label={`Type ${studentId} to confirm`}
          value={typed}
          spellCheck={false}
          autoCapitalize="none"
          readOnly={erase.isPending}
          onChange={(event) => {
            setTyped(event.target.value);
          }}
        />
      </form>
      <div role="status" className="erase__progress">
        {erase.isPending && (
          <>
            <progress aria-label="Erasing" /> Erasing; a year of observations takes a while. Keep this page
            open for the receipt.
          </>
        )}
      </div>
    </Dialog>
  );
}
