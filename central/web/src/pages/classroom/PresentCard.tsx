import { memo, useState, type ReactElement } from "react";
import { Link } from "react-router";
import type { Label, Present, Shares } from "../../api/models";
import { ShareBar } from "../../charts/ShareBar";
import { Badge } from "../../design/Badge";
import { Card } from "../../design/Card";
import { Empty } from "../../design/States";
import { total } from "../../labels/labels";
import { LabelChip } from "../../labels/LabelMark";
import { MixCounts } from "../../labels/MixCounts";
import { useLiveStudent, useRoster } from "../../live/live";
import { Age } from "../../time/Moment";

interface PresentCardProps {
  classroom: string;
  mix: Shares;
  /** null: from the live picture. */
  students: readonly Present[] | null;
}

/** Who is in view now. */
export function PresentCard({ classroom, mix, students }: PresentCardProps): ReactElement {
  const roster = useRoster(classroom);
  const [only, setOnly] = useState<Label | null>(null);
  const present = total(mix);
  return (
    <Card title="In view now" note={`${present} ${present === 1 ? "student" : "students"}`} flush>
      <div className="present__mix">
        <ShareBar shares={mix} of="students" legend="none" />
        <MixCounts shares={mix} filter={{ chosen: only, onChoose: setOnly }} />
      </div>
      {present === 0 ? (
        <Empty icon="people" title="Nobody is in view">
          Students appear when the device recognises somebody who is enrolled there, and go when it has not
          for a while.
        </Empty>
      ) : (
        <ul className="present" aria-label="Students in view">
          {students === null
            ? roster.map((student) => <LiveRow key={student} student={student} only={only} />)
            : students.map((student) => <Row key={student.student_id} {...student} only={only} />)}
        </ul>
      )}
    </Card>
  );
}

const LiveRow = memo(function LiveRow({ student, only }: { student: string; only: Label | null }) {
  const present = useLiveStudent(student);
  return present === null ? null : <Row {...present} only={only} />;
});

function Row({
  student_id,
  name,
  group,
  label,
  since,
  only,
}: Present & { only: Label | null }): ReactElement | null {
  if (only !== null && only !== label) return null;
  return (
    <li className="present__row">
      <span className="present__who">
        <Link to={`/students/${student_id}`}>{name ?? student_id}</Link>
        {group !== null && <span className="faint">{group}</span>}
        {name === null && <Badge tone="warning">no profile</Badge>}
      </span>
      <span className="present__since faint">
        <span className="visually-hidden">since </span>
        <Age of={since} />
      </span>
      {/* A new element for a new label, so that the change shows for a moment. */}
      <span key={label} className="present__label">
        <LabelChip label={label} />
      </span>
    </li>
  );
}
