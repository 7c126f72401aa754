import { useState, type ReactElement } from "react";
import { useApi } from "../../api/hooks";
import type { UnknownStudent } from "../../api/models";
import { Button } from "../../design/Button";
import { Card } from "../../design/Card";
import { ErrorNotice } from "../../design/States";
import { Table } from "../../design/Table";
import { Moment } from "../../time/Moment";
import { count } from "../../time/formats";
import { EraseDialog } from "./EraseDialog";
import { ProfileDialog } from "./ProfileDialog";

type Open = { dialog: "assign" | "erase"; studentId: string } | null;

/** So many rows stand above the students; more are shown when asked for. */
const FEW = 5;

/** IDs that devices send and no profile has; nothing is shown while there are none. */
export function UnknownStudents(): ReactElement | null {
  const unknown = useApi<UnknownStudent[]>("/api/unknown-students", { everySeconds: 60 });
  const [open, setOpen] = useState<Open>(null);
  const [whole, setWhole] = useState(false);
  const close = () => {
    setOpen(null);
  };
  const all = inOrder(unknown.data ?? []);
  const rows = whole ? all : all.slice(0, FEW);
  if (unknown.error !== null && unknown.data === undefined) return <ErrorNotice error={unknown.error} />;
  return (
    <>
      {rows.length > 0 && (
        <Card
          title="Without a profile"
          note={`${count(all.length)} ${all.length === 1 ? "ID that devices send" : "IDs that devices send"}: a new student, or a typing mistake at enrolment`}
          flush
        >
          <Table
            caption="Student IDs without a profile"
            rows={rows}
            rowKey={(row) => row.student_id}
            columns={[
              {
                id: "id",
                header: "Student ID",
                cell: (row) => <span className="mono">{row.student_id}</span>,
                sort: (row) => row.student_id,
              },
              {
                id: "classrooms",
                header: "Classrooms",
                minor: true,
                cell: (row) => row.classrooms.join(", "),
              },
              {
                id: "observations",
                header: "Observations",
                end: true,
                cell: (row) => count(row.observations),
                sort: (row) => row.observations,
              },
              {
                id: "first",
                header: "First seen",
                minor: true,
                cell: (row) => <Moment at={row.first_seen} />,
                sort: (row) => Date.parse(row.first_seen),
              },
              {
                id: "last",
                header: "Last seen",
                minor: true,
                cell: (row) => <Moment at={row.last_seen} />,
                sort: (row) => Date.parse(row.last_seen),
              },
              {
                id: "do",
                header: "Actions",
                end: true,
                cell: (row) => (
                  <span className="row-actions">
                    <Button
                      aria-label={`Assign ${row.student_id}`}
                      onClick={() => {
                        setOpen({ dialog: "assign", studentId: row.student_id });
                      }}
                    >
                      Assign
                    </Button>
                    <Button
                      look="plain"
                      icon="erase"
                      aria-label={`Erase ${row.student_id}`}
                      onClick={() => {
                        setOpen({ dialog: "erase", studentId: row.student_id });
                      }}
                    />
                  </span>
                ),
              },
            ]}
          />
          {all.length > FEW && (
            <div className="card__foot">
              <Button
                look="plain"
                onClick={() => {
                  setWhole(!whole);
                }}
              >
                {whole ? "Show fewer" : `Show all ${count(all.length)}`}
              </Button>
            </div>
          )}
        </Card>
      )}
      {open?.dialog === "assign" && (
        <ProfileDialog student={null} studentId={open.studentId} onClose={close} />
      )}
      {open?.dialog === "erase" && <EraseDialog studentId={open.studentId} name={null} onClose={close} />}
    </>
  );
}

/** Real ones first: of simulated students nobody needs a profile. */
function inOrder(students: readonly UnknownStudent[]): UnknownStudent[] {
  return students.toSorted((one, other) => Number(isSimulated(one)) - Number(isSimulated(other)));
}

function isSimulated({ classrooms }: UnknownStudent): boolean {
  return classrooms.every((classroom) => classroom.startsWith("simulated-"));
}
