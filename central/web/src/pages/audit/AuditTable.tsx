import type { ReactElement } from "react";
import type { AuditEntry } from "../../api/models";
import { Table } from "../../design/Table";
import { Moment } from "../../time/Moment";

type Picked = "account" | "action" | "subject";

interface AuditTableProps {
  entries: readonly AuditEntry[];
  /** A value in the table was chosen as filter. */
  onPick: (key: Picked, value: string) => void;
}

export function AuditTable({ entries, onPick }: AuditTableProps): ReactElement {
  const pick = (key: Picked) => (entry: AuditEntry) =>
    entry[key] === "" ? (
      <span className="faint">–</span>
    ) : (
      <button
        type="button"
        className="audit-pick"
        title={`Show only this ${key}`}
        onClick={() => {
          onPick(key, entry[key]);
        }}
      >
        {entry[key]}
      </button>
    );
  return (
    <div className="audit-table">
      <Table
        caption="Audit log, the newest first"
        rows={entries}
        rowKey={(entry) => entry.number}
        columns={[
          { id: "at", header: "When", names: true, cell: (entry) => <Moment at={entry.at} /> },
          { id: "account", header: "Account", cell: pick("account") },
          { id: "action", header: "Action", cell: pick("action") },
          { id: "subject", header: "About", cell: pick("subject") },
          {
            id: "detail",
            header: "Detail",
            minor: true,
            cell: (entry) => <span className="audit-detail">{entry.detail}</span>,
          },
          { id: "number", header: "Number", end: true, minor: true, cell: (entry) => entry.number },
        ]}
      />
    </div>
  );
}
