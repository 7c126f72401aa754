import type { ReactElement } from "react";
import { useSave } from "../../api/hooks";
import type { StudentView } from "../../api/models";
import { Button } from "../../design/Button";
import type { IconName } from "../../design/Icon";
import { useToast } from "../../design/toasts";
import { ABOUT_STUDENTS, studentPath } from "./paths";
import type { StudentTask } from "./StudentTaskDialog";
import "../../design/lists.css";

interface StudentActionsProps {
  student: StudentView;
  onTask: (task: StudentTask) => void;
  /** Signs alone, for a row of a table. */
  small?: boolean;
}

/** What an admin does with a profile: edit, archive or bring back, erase. */
export function StudentActions({ student, onTask, small = false }: StudentActionsProps): ReactElement {
  const archive = useSave<StudentView>(ABOUT_STUDENTS);
  const tell = useToast();
  const name = student.display_name;
  const toggleArchived = () => {
    archive.mutate(
      { method: "PATCH", path: studentPath(student.student_id), body: { archived: !student.archived } },
      {
        onSuccess: (saved) => {
          tell(
            saved.archived
              ? `${name} is archived; the history is kept.`
              : `${name} is back from the archive.`,
          );
        },
        onError: (error) => {
          tell(error.message, "bad");
        },
      },
    );
  };
  const act = (words: string, icon: IconName, onClick: () => void, busy = false) =>
    small ? (
      <Button
        look="plain"
        icon={icon}
        busy={busy}
        onClick={onClick}
        title={words}
        aria-label={`${words} ${name}`}
      />
    ) : (
      <Button icon={icon} busy={busy} onClick={onClick}>
        {words}
      </Button>
    );
  return (
    <span className={small ? "row-actions" : "row"}>
      {act("Edit", "edit", () => {
        onTask({ task: "edit", student });
      })}
      {act(student.archived ? "Bring back" : "Archive", "archive", toggleArchived, archive.isPending)}
      {act("Erase", "erase", () => {
        onTask({ task: "erase", student });
      })}
    </span>
  );
}
