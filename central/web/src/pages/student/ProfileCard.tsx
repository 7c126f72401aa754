import type { ReactElement, ReactNode } from "react";
import { Link } from "react-router";
import type { StudentView } from "../../api/models";
import { Badge } from "../../design/Badge";
import { Card, Details } from "../../design/Card";
import { LabelChip } from "../../labels/LabelMark";
import { useLiveStudent } from "../../live/live";
import { Age, Moment } from "../../time/Moment";
import { Consent } from "../students/Consent";

/** Where the student is, and what the school has written of them. */
export function ProfileCard({ student }: { student: StudentView }): ReactElement {
  const rows: [string, ReactNode][] = [
    ["Group", student.group ?? <span className="faint">none</span>],
    ["Tags", student.tags.length > 0 ? <Tags tags={student.tags} /> : <span className="faint">none</span>],
    ["Consent", student.consent_reference],
    ["Consent valid", <Consent key="valid" of={student} />],
    ["Profile since", <Moment key="since" at={student.created_at} show="date" />],
  ];
  return (
    <div className="student-top">
      <Now student={student} />
      <Card title="Profile">
        <Details rows={rows} />
        {student.notes !== "" && <p className="student-notes">{student.notes}</p>}
      </Card>
    </div>
  );
}

function Tags({ tags }: { tags: readonly string[] }): ReactElement {
  return (
    <span className="row">
      {tags.map((tag) => (
        <Badge key={tag}>{tag}</Badge>
      ))}
    </span>
  );
}

function Now({ student }: { student: StudentView }): ReactElement {
  const present = useLiveStudent(student.student_id);
  return (
    <Card title="Now" note={present === null ? undefined : "in view"}>
      {present === null ? (
        <p className="muted">
          Not in view.{" "}
          {student.last_seen === null ? (
            "Never seen so far."
          ) : (
            <>
              Last seen <Moment at={student.last_seen} />.
            </>
          )}
        </p>
      ) : (
        <div className="student-now">
          <span className="student-now__label">
            <LabelChip label={present.label} />
          </span>
          <span className="muted">
            for <Age of={present.since} />
          </span>
          <span>
            in <Link to={`/classrooms/${present.classroom}`}>{present.classroom}</Link>
          </span>
          <span className="faint">
            observed <Age of={present.observed_at} ago />
          </span>
        </div>
      )}
    </Card>
  );
}
