import type { ReactElement } from "react";
import { Link } from "react-router";
import { useApi } from "../../api/hooks";
import type { GroupView } from "../../api/models";
import { useSchool } from "../../app/school";
import { useSession } from "../../app/session";
import { ShareBar } from "../../charts/ShareBar";
import { TimelineCard } from "../../charts/TimelineCard";
import { Card } from "../../design/Card";
import { Page } from "../../design/Page";
import { Empty, Loaded } from "../../design/States";
import { Table, type Column } from "../../design/Table";
import { LabelNote } from "../../labels/LabelNote";

export default function GroupsPage(): ReactElement {
  const { role } = useSession();
  const { smallest_group: smallest } = useSchool();
  const groups = useApi<GroupView[]>("/api/groups", { everySeconds: 15 });
  return (
    <Page
      title="Groups"
      lead={
        <span>
          Figures of fewer than {smallest} students are not shown, so that nobody can be singled out.
        </span>
      }
    >
      <LabelNote />
      <Card title="Now" flush>
        <Loaded of={groups} what="Loading groups">
          {(list) =>
            list.length === 0 ? (
              <Empty icon="group" title="No groups yet">
                A student&rsquo;s group is part of the profile, which admins edit under Students.
              </Empty>
            ) : (
              <Table
                caption="Groups now"
                columns={COLUMNS}
                rows={list}
                rowKey={({ group }) => group}
                sortedBy="group"
              />
            )
          }
        </Loaded>
      </Card>
      {role === "admin" && (
        <TimelineCard
          title="The whole school over time"
          subject="the whole school"
          path="/api/school/timeline"
        />
      )}
    </Page>
  );
}

const COLUMNS: readonly Column<GroupView>[] = [
  {
    id: "group",
    header: "Group",
    cell: ({ group }) => <Link to={`/groups/${encodeURIComponent(group)}`}>{group}</Link>,
    sort: ({ group }) => group,
  },
  {
    id: "students",
    header: "Students",
    end: true,
    cell: ({ students }) => students,
    sort: ({ students }) => students,
  },
  {
    id: "present",
    header: "In view",
    end: true,
    cell: ({ present }) => present ?? <span className="faint">too few</span>,
    sort: ({ present }) => present,
  },
  {
    id: "mix",
    header: "Expressions",
    cell: ({ mix }) =>
      mix === null ? <span className="faint">not shown</span> : <ShareBar shares={mix} of="students" />,
  },
];
