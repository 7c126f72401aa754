import { useState, type ReactElement } from "react";
import { useSave } from "../../api/hooks";
import type { ImportResult } from "../../api/models";
import { Badge, type Tone } from "../../design/Badge";
import { Button } from "../../design/Button";
import { Dialog } from "../../design/Dialog";
import { ErrorNotice, Loading, Notice } from "../../design/States";
import { Table } from "../../design/Table";
import { CsvPicker } from "./CsvPicker";
import { countActions, summary } from "./importSummary";
import { ABOUT_STUDENTS } from "./paths";
import "./students.css";

const ACTIONS: Record<ImportResult["rows"][number]["action"], [words: string, tone: Tone]> = {
  add: ["new", "good"],
  change: ["changes", "accent"],
  same: ["unchanged", "plain"],
};
/** A longer list helps nobody on a screen; the sentence above it counts them all. */
const MOST_ROWS = 200;

/** A CSV file of profiles: first what it would do, then doing it. */
export function ImportDialog({ onClose }: { onClose: () => void }): ReactElement {
  const [file, setFile] = useState<{ name: string; text: string } | null>(null);
  const [mistake, setMistake] = useState<string | null>(null);
  const preview = useSave<ImportResult>();
  const apply = useSave<ImportResult>(ABOUT_STUDENTS);
  const result = apply.data ?? preview.data;
  const error = apply.error ?? preview.error;

  const send = (text: string, applied: boolean) => {
    (applied ? apply : preview).mutate({
      method: "POST",
      path: "/api/student-imports",
      query: { apply: applied },
      body: text,
      contentType: "text/csv",
    });
  };
  const choose = (name: string, text: string) => {
    setMistake(null);
    setFile({ name, text });
    apply.reset();
    send(text, false);
  };
  const refuse = (text: string) => {
    setMistake(text);
    // Import must not mean the file before this one.
    setFile(null);
    preview.reset();
    apply.reset();
  };
  const counts = result && countActions(result);
  const ready = result !== undefined && !result.applied && result.errors.length === 0;
  const worth = ready && counts !== undefined && counts.add + counts.change > 0;

  return (
    <Dialog
      title="Import students"
      wide
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{result?.applied ? "Done" : "Cancel"}</Button>
          {!result?.applied && (
            <Button
              look="primary"
              disabled={!worth || file === null}
              busy={apply.isPending}
              onClick={() => {
                if (file !== null) send(file.text, true);
              }}
            >
              {worth ? `Import ${counts.add + counts.change}` : "Import"}
            </Button>
          )}
        </>
      }
    >
      <p className="muted">
        Columns: <code>student_id</code>, <code>display_name</code>, <code>consent_reference</code>, and if
        wanted <code>group</code>, <code>tags</code>, <code>notes</code>, <code>consent_expires</code>,{" "}
        <code>archived</code>; the export has the same. Nothing is changed before you press Import, and nobody
        is ever deleted by a file.
      </p>
      <CsvPicker name={file?.name ?? null} onText={choose} onMistake={refuse} />
      {mistake !== null && <Notice tone="bad" title={mistake} />}
      {error !== null && <ErrorNotice error={error} />}
      {preview.isPending && <Loading what="Reading the file" />}
      <div role="status" className="import__summary">
        {result !== undefined && !preview.isPending && summary(result)}
      </div>
      {result !== undefined && !preview.isPending && <Findings result={result} />}
    </Dialog>
  );
}

function Findings({ result }: { result: ImportResult }): ReactElement | null {
  if (result.errors.length > 0) {
    return (
      <Table
        caption="Mistakes in the file"
        rows={result.errors}
        rowKey={(row) => `${row.where} ${row.reason}`}
        columns={[
          { id: "where", header: "Where", cell: (row) => <span className="nowrap">{row.where}</span> },
          { id: "reason", header: "What is wrong", cell: (row) => row.reason },
        ]}
      />
    );
  }
  const shown = result.rows.slice(0, MOST_ROWS);
  if (shown.length === 0) return null;
  return (
    <>
      <Table
        caption={result.applied ? "What was imported" : "What the file would do"}
        rows={shown}
        rowKey={(row) => row.line}
        columns={[
          { id: "student", header: "Student ID", cell: (row) => row.student_id },
          {
            id: "action",
            header: "Profile",
            cell: (row) => <Badge tone={ACTIONS[row.action][1]}>{ACTIONS[row.action][0]}</Badge>,
          },
          { id: "line", header: "Line", end: true, cell: (row) => row.line },
        ]}
      />
      {shown.length < result.rows.length && (
        <p className="faint">
          The first {MOST_ROWS} of {result.rows.length} lines.
        </p>
      )}
    </>
  );
}
