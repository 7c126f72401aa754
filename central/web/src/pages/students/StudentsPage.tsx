import { useState, type ReactElement } from "react";
import { useApi } from "../../api/hooks";
import type { GroupView, StudentView } from "../../api/models";
import { usePages } from "../../api/pages";
import { useSession } from "../../app/session";
import { Button, DownloadLink } from "../../design/Button";
import { CheckField, SelectField, TextField } from "../../design/Form";
import { More } from "../../design/More";
import { Page } from "../../design/Page";
import { Empty, Loaded } from "../../design/States";
import { LabelNote } from "../../labels/LabelNote";
import { ImportDialog } from "./ImportDialog";
import { ProfileDialog } from "./ProfileDialog";
import { StudentTable } from "./StudentTable";
import { StudentTaskDialog, type StudentTask } from "./StudentTaskDialog";
import { UnknownStudents } from "./UnknownStudents";
import { useFilter } from "./useFilter";
import { useSettled } from "./useSettled";
import "../../design/lists.css";
import "./students.css";

export default function StudentsPage(): ReactElement {
  const admin = useSession().role === "admin";
  const [open, setOpen] = useState<"new" | "import" | null>(null);
  const close = () => {
    setOpen(null);
  };
  return (
    <Page
      title="Students"
      lead={admin ? undefined : "Those of your groups."}
      actions={
        admin && (
          <>
            <DownloadLink href="/api/students.csv">Export</DownloadLink>
            <Button
              icon="upload"
              onClick={() => {
                setOpen("import");
              }}
            >
              Import
            </Button>
            <Button
              icon="plus"
              look="primary"
              onClick={() => {
                setOpen("new");
              }}
            >
              New student
            </Button>
          </>
        )
      }
    >
      {admin && <UnknownStudents />}
      <StudentList admin={admin} />
      {open === "new" && <ProfileDialog student={null} onClose={close} />}
      {open === "import" && <ImportDialog onClose={close} />}
    </Page>
  );
}

function StudentList({ admin }: { admin: boolean }): ReactElement {
  const [filter, setFilter] = useFilter();
  const { group, archived } = filter;
  const asked = { query: useSettled(filter.query.trim()), group, archived };
  const students = usePages<StudentView>("/api/students", asked, 60);
  const [task, setTask] = useState<StudentTask | null>(null);
  const filtered = asked.query !== "" || group !== "" || archived;

  return (
    <section className="card" aria-label="List of students">
      <div className="filters" role="search">
        <div className="filters__wide">
          <TextField
            label="Search"
            quiet
            type="search"
            placeholder="Name, ID, group or tag"
            value={filter.query}
            onChange={(event) => {
              setFilter({ query: event.target.value });
            }}
          />
        </div>
        <GroupFilter
          value={group}
          onChange={(value) => {
            setFilter({ group: value });
          }}
        />
        <CheckField
          checked={archived}
          onChange={(event) => {
            setFilter({ archived: event.target.checked });
          }}
        >
          Archived ones
        </CheckField>
      </div>
      <Loaded of={students} what="Loading students">
        {({ items }) =>
          items.length > 0 ? (
            <>
              <StudentTable students={items} onTask={admin ? setTask : null} />
              <More of={students} things="students" />
              <div className="card__foot">
                <LabelNote />
              </div>
            </>
          ) : (
            <NoStudents filtered={filtered} admin={admin} />
          )
        }
      </Loaded>
      <StudentTaskDialog
        task={task}
        onClose={() => {
          setTask(null);
        }}
      />
    </section>
  );
}

function GroupFilter({
  value,
  onChange,
}: {
  value: string;
  onChange: (value: string) => void;
}): ReactElement {
  const groups = useApi<GroupView[]>("/api/groups");
  const names = new Set(groups.data?.map(({ group }) => group));
  if (value !== "") names.add(value);
  return (
    <SelectField
      label="Group"
      quiet
      value={value}
      onChange={(event) => {
        onChange(event.target.value);
      }}
    >
      <option value="">All groups</option>
      {[...names].map((group) => (
        <option key={group} value={group}>
          {group}
        </option>
      ))}
    </SelectField>
  );
}

function NoStudents({ filtered, admin }: { filtered: boolean; admin: boolean }): ReactElement {
  if (filtered) {
    return (
      <Empty icon="search" title="No matching student">
        Search by a part of the name, the ID or a tag, or choose another group.
      </Empty>
    );
  }
  return (
    <Empty icon="people" title="No students yet">
      {admin
        ? "Create a profile for every student who was enrolled in a classroom, or import them from a CSV file."
        : "No student of your groups has a profile. An admin can change that."}
    </Empty>
  );
}
