import type { ReactElement } from "react";
import type { Receipt } from "../../api/models";
import { useFormats, useSchool } from "../../app/school";
import { Button } from "../../design/Button";
import { Details } from "../../design/Card";
import { Dialog } from "../../design/Dialog";
import { Notice } from "../../design/States";
import { receiptRows, receiptText } from "./receiptText";
import "../../design/lists.css";
import "./students.css";

/** What the erasure erased, to be printed or saved: central keeps it in the audit log. */
export function ReceiptView({ receipt, onClose }: { receipt: Receipt; onClose: () => void }): ReactElement {
  const school = useSchool();
  const formats = useFormats();
  const save = () => {
    saveText(`erasure-${receipt.receipt}.txt`, receiptText(receipt, school.name, formats.full));
  };
  return (
    <Dialog
      title={`${receipt.student_id} is erased`}
      onClose={onClose}
      foot={
        <>
          <Button
            onClick={() => {
              print();
            }}
          >
            Print
          </Button>
          <Button icon="download" onClick={save}>
            Save as text
          </Button>
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </>
      }
    >
      <div className="receipt">
        <p role="status">
          Receipt <b className="mono">{receipt.receipt}</b>: student{" "}
          <b className="mono">{receipt.student_id}</b> was erased on {formats.full(receipt.erased_at)} by{" "}
          {receipt.erased_by} at {school.name}.
        </p>
        <Details rows={receiptRows(receipt)} />
        {receipt.left_to_do.length > 0 && (
          <Notice tone="warning" title="Left to do by a person">
            <ul className="plain-list">
              {receipt.left_to_do.map((task) => (
                <li key={task}>{task}</li>
              ))}
            </ul>
          </Notice>
        )}
      </div>
    </Dialog>
  );
}

function saveText(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
