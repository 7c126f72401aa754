import { useState, type ReactElement } from "react";
import { useNavigate, useParams } from "react-router";
import { ApiError } from "../../api/client";
import { useApi } from "../../api/hooks";
import type { StudentView } from "../../api/models";
import { useSession } from "../../app/session";
import { TimelineCard } from "../../charts/TimelineCard";
import { Badge } from "../../design/Badge";
import { ButtonLink } from "../../design/Button";
import { Page } from "../../design/Page";
import { Empty, Loaded } from "../../design/States";
import { LabelNote } from "../../labels/LabelNote";
import { studentPath } from "../students/paths";
import { StudentActions } from "../students/StudentActions";
import { StudentTaskDialog, type StudentTask } from "../students/StudentTaskDialog";
import { ObservationsCard } from "./ObservationsCard";
import { PatternCards } from "./PatternCards";
import { ProfileCard } from "./ProfileCard";
import "./student.css";

export default function StudentPage(): ReactElement {
  const { studentId = "" } = useParams();
  const path = studentPath(studentId);
  const profile = useApi<StudentView>(path, { everySeconds: 60 });
  const admin = useSession().role === "admin";
  const [task, setTask] = useState<StudentTask | null>(null);
  const navigate = useNavigate();
  const student = profile.data;
  // What is known of them must not outlast the leave to see it; but a receipt that is open is shown only once.
  const gone = profile.error instanceof ApiError && profile.error.status === 404;
  if (gone && task === null) return <NoStudent studentId={studentId} />;
  return (
    <Page
      title={student?.display_name ?? studentId}
      heading={
        student && (
          <>
            {student.display_name}
            {student.archived && <Badge>archived</Badge>}
          </>
        )
      }
      lead={
        student && (
          <>
            <span className="mono">{student.student_id}</span>
            {student.group !== null && <span>Group {student.group}</span>}
          </>
        )
      }
      actions={admin && student && <StudentActions student={student} onTask={setTask} />}
    >
      <Loaded of={profile} what="Loading the student">
        {(known) => <StudentCards student={known} path={path} />}
      </Loaded>
      <StudentTaskDialog
        task={task}
        onClose={(erased) => {
          setTask(null);
          if (erased) void navigate("/students", { replace: true });
        }}
      />
    </Page>
  );
}

function NoStudent({ studentId }: { studentId: string }): ReactElement {
  return (
    <Page title={studentId}>
      <section className="card" aria-label="Not found">
        <Empty
          icon="people"
          title="No such student"
          action={<ButtonLink to="/students">All students</ButtonLink>}
        >
          No profile has this ID, or it is none that you may see.
        </Empty>
      </section>
    </Page>
  );
}

function StudentCards({ student, path }: { student: StudentView; path: string }): ReactElement {
  return (
    <>
      <LabelNote />
      <ProfileCard student={student} />
      <TimelineCard
        title="Timeline"
        subject={student.display_name}
        path={`${path}/timeline`}
        csv={`${path}/timeline.csv`}
        initial="week"
      />
      <PatternCards path={`${path}/pattern`} />
      <ObservationsCard path={`${path}/observations`} />
    </>
  );
}
