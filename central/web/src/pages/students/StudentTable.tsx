import type { ReactElement } from "react";
import { Link } from "react-router";
import type { StudentView } from "../../api/models";
import { Badge } from "../../design/Badge";
import { Table, type Column } from "../../design/Table";
import { LabelChip } from "../../labels/LabelMark";
import { useLiveStudent } from "../../live/live";
import { Moment } from "../../time/Moment";
import { Consent } from "./Consent";
import { StudentActions } from "./StudentActions";
import type { StudentTask } from "./StudentTaskDialog";

interface StudentTableProps {
  students: readonly StudentView[];
  /** Null: the viewer may only look. */
  onTask: ((task: StudentTask) => void) | null;
}

export function StudentTable({ students, onTask }: StudentTableProps): ReactElement {
  const columns: Column<StudentView>[] = [
    {
      id: "name",
      header: "Name",
      cell: (student) => (
        <span className="student-name">
          <Link to={`/students/${student.student_id}`}>{student.display_name}</Link>
          <span className="student-name__id mono">{student.student_id}</span>
          {student.archived && <Badge>archived</Badge>}
        </span>
      ),
    },
    { id: "group", header: "Group", cell: (student) => student.group ?? <span className="faint">none</span> },
    { id: "now", header: "In view", cell: (student) => <InView student={student} /> },
    { id: "tags", header: "Tags", minor: true, cell: (student) => student.tags.join(", ") },
    { id: "consent", header: "Consent", minor: true, cell: (student) => <Consent of={student} /> },
  ];
  if (onTask !== null) {
    columns.push({
      id: "do",
      header: "Actions",
      end: true,
      minor: true,
      cell: (student) => <StudentActions small student={student} onTask={onTask} />,
    });
  }
  return (
    <Table caption="Students" rows={students} rowKey={(student) => student.student_id} columns={columns} />
  );
}

function InView({ student }: { student: StudentView }): ReactElement {
  const present = useLiveStudent(student.student_id);
  const { last_seen } = student;
  if (present !== null) {
    return (
      <span className="student-in-view">
        <LabelChip label={present.label} />
        <Link to={`/classrooms/${present.classroom}`}>{present.classroom}</Link>
      </span>
    );
  }
  return (
    <span className="faint">
      {last_seen === null ? (
        "never seen"
      ) : (
        <>
          last <Moment at={last_seen} />
        </>
      )}
    </span>
  );
}
