import { memo, type ReactElement } from "react";
import { Link } from "react-router";
import { ShareBar } from "../../charts/ShareBar";
import { Sparkline } from "../../charts/Sparkline";
import { OnlineBadge, SimulatedBadge } from "../../design/Badge";
import { MixCounts } from "../../labels/MixCounts";
import { Age } from "../../time/Moment";
import { trendInWords, type RoomRow } from "./rooms";

/** A classroom at a glance. Its parts keep their identity while they stay the same, so that only what changed renders. */
export const RoomTile = memo(function RoomTile(room: RoomRow): ReactElement {
  const { classroom, simulated, online, since, mix, students, observedAt, trend } = room;
  return (
    <article className={online === true ? "room" : "room room--off"}>
      <header className="room__head">
        <h2 className="room__name">
          <Link to={`/classrooms/${classroom}`}>{classroom}</Link>
        </h2>
        <span className="room__state">
          <OnlineBadge online={online} />
        </span>
      </header>
      <p className="room__line">
        <span>
          <b>{students}</b> in view {simulated && <SimulatedBadge />}
        </span>
        <span className="faint">
          {online === false && since !== null ? (
            <>
              offline for <Age of={since} />
            </>
          ) : observedAt === null ? (
            "nothing yet"
          ) : (
            <Age of={observedAt} ago />
          )}
        </span>
      </p>
      <ShareBar shares={mix} of="students" legend="none" />
      <MixCounts shares={mix} />
      <div className="room__trend">
        <Sparkline buckets={trend} label={trendInWords(trend)} />
        <span className="faint" aria-hidden="true">
          last hour
        </span>
      </div>
    </article>
  );
});
