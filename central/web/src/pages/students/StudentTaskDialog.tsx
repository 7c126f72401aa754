import type { ReactElement } from "react";
import type { StudentView } from "../../api/models";
import { EraseDialog } from "./EraseDialog";
import { ProfileDialog } from "./ProfileDialog";

export interface StudentTask {
  task: "edit" | "erase";
  student: StudentView;
}

interface StudentTaskDialogProps {
  task: StudentTask | null;
  onClose: (erased: boolean) => void;
}

/** The dialog of what `StudentActions` began. It belongs to the page: a row of a table may go while it is open. */
export function StudentTaskDialog({ task, onClose }: StudentTaskDialogProps): ReactElement | null {
  if (task === null) return null;
  const { student } = task;
  if (task.task === "erase")
    return <EraseDialog studentId={student.student_id} name={student.display_name} onClose={onClose} />;
  return (
    <ProfileDialog
      student={student}
      onClose={() => {
        onClose(false);
      }}
    />
  );
}
