import type { ReactElement } from "react";
import { useParams } from "react-router";
import { ApiError } from "../../api/client";
import { useApi } from "../../api/hooks";
import type { ClassroomView } from "../../api/models";
import { TimelineCard } from "../../charts/TimelineCard";
import { OnlineBadge, SimulatedBadge } from "../../design/Badge";
import { Page } from "../../design/Page";
import { Loaded } from "../../design/States";
import { LabelNote } from "../../labels/LabelNote";
import { useConnection, useLiveClassroom } from "../../live/live";
import { LiveNotice } from "../../live/LiveNotice";
import type { LiveClassroom } from "../../live/picture";
import { Moment } from "../../time/Moment";
import { NotFoundPage } from "../notfound/NotFoundPage";
import "./classroom.css";
import { PresentCard } from "./PresentCard";

export default function ClassroomPage(): ReactElement {
  const { classroom = "" } = useParams();
  const path = `/api/classrooms/${encodeURIComponent(classroom)}`;
  const { heardAt } = useConnection();
  // The live picture takes over at once; asked again now and then, should that never come.
  const view = useApi<ClassroomView>(path, { everySeconds: 30 });
  const live = useLiveClassroom(classroom);
  if (view.error instanceof ApiError && view.error.status === 404 && live === null) return <NotFoundPage />;
  const room = heardAt === null ? glance(view.data) : (live ?? glance(view.data));
  return (
    <Page
      title={classroom}
      heading={
        <>
          {classroom}
          {room?.simulated && <SimulatedBadge />}
          {room !== null && <OnlineBadge online={room.online} />}
        </>
      }
      lead={room !== null && <State {...room} />}
    >
      <LabelNote />
      <LiveNotice />
      <div className="classroom">
        <TimelineCard
          title="Expressions over time"
          subject={classroom}
          path={`${path}/timeline`}
          csv={`${path}/timeline.csv`}
        />
        {heardAt === null ? (
          <Loaded of={view} what="Loading who is in view">
            {({ present, mix }) => <PresentCard classroom={classroom} mix={mix} students={present} />}
          </Loaded>
        ) : (
          room !== null && <PresentCard classroom={classroom} mix={room.mix} students={null} />
        )}
      </div>
    </Page>
  );
}

function glance(view: ClassroomView | undefined): LiveClassroom | null {
  if (view === undefined) return null;
  const { present: _, observed_at, ...rest } = view;
  return { ...rest, observedAt: observed_at };
}

function State({ online, since }: LiveClassroom): ReactElement | null {
  if (online === null || since === null) return null;
  return (
    <span>
      {online ? "Online" : "Offline"} since <Moment at={since} />
    </span>
  );
}
