import type { ReactElement } from "react";
import { summed } from "../../charts/bins";
import { ShareBar } from "../../charts/ShareBar";
import { MixCounts } from "../../labels/MixCounts";
import { Age } from "../../time/Moment";
import { count } from "../../time/formats";
import type { RoomRow } from "./rooms";

/** The whole school, or all that a teacher sees of it, in one line. */
export function SchoolNow({ rooms }: { rooms: readonly RoomRow[] }): ReactElement {
  const mix = summed(rooms.map((room) => room.mix));
  const present = rooms.reduce((sum, room) => sum + room.students, 0);
  const online = rooms.filter((room) => room.online).length;
  const newest = rooms.reduce<string | null>(
    (latest, { observedAt }) =>
      observedAt !== null && (latest === null || Date.parse(observedAt) > Date.parse(latest))
        ? observedAt
        : latest,
    null,
  );
  return (
    <section className="school-now" aria-label="All classrooms now">
      <dl className="school-now__figures">
        <div>
          <dt>Students in view</dt>
          <dd>{count(present)}</dd>
        </div>
        <div>
          <dt>Classrooms online</dt>
          <dd>
            {count(online)} <small>of {count(rooms.length)}</small>
          </dd>
        </div>
        <div>
          <dt>Newest observation</dt>
          <dd>{newest === null ? <small>none yet</small> : <Age of={newest} ago />}</dd>
        </div>
      </dl>
      <div className="school-now__mix">
        <h2>Expressions now</h2>
        <ShareBar shares={mix} of="students" legend="none" />
        <MixCounts shares={mix} />
      </div>
    </section>
  );
}
