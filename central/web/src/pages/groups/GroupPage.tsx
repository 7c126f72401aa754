import type { ReactElement } from "react";
import { useParams } from "react-router";
import { address } from "../../api/client";
import { useApi } from "../../api/hooks";
import type { GroupView } from "../../api/models";
import { ShareBar } from "../../charts/ShareBar";
import { TimelineCard } from "../../charts/TimelineCard";
import { ButtonLink } from "../../design/Button";
import { Card } from "../../design/Card";
import { Page } from "../../design/Page";
import { Empty, Loaded } from "../../design/States";
import { LabelNote } from "../../labels/LabelNote";
import { NotFoundPage } from "../notfound/NotFoundPage";

export default function GroupPage(): ReactElement {
  const { group: name = "" } = useParams();
  const groups = useApi<GroupView[]>("/api/groups", { everySeconds: 15 });
  const group = groups.data?.find((one) => one.group === name);
  if (groups.data !== undefined && group === undefined) return <NotFoundPage />;
  const path = `/api/groups/${encodeURIComponent(name)}`;
  return (
    <Page
      title={`Group ${name}`}
      lead={group !== undefined && <span>{group.students} students</span>}
      actions={
        <ButtonLink to={address("/students", { group: name })} icon="people">
          Students
        </ButtonLink>
      }
    >
      <LabelNote />
      <Card title="In view now" note={group?.present == null ? undefined : `${group.present} students`}>
        <Loaded of={groups} what="Loading the group">
          {() =>
            group?.mix == null ? (
              <Empty icon="group" title="Too few are in view">
                Figures are shown when enough students of the group are in view that nobody can be singled
                out.
              </Empty>
            ) : (
              <ShareBar shares={group.mix} of="students" />
            )
          }
        </Loaded>
      </Card>
      <TimelineCard
        title="Expressions over time"
        subject={`group ${name}`}
        path={`${path}/timeline`}
        csv={`${path}/timeline.csv`}
      />
    </Page>
  );
}
