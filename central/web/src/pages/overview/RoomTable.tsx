import type { ReactElement } from "react";
import { Link } from "react-router";
import { ShareBar } from "../../charts/ShareBar";
import { Sparkline } from "../../charts/Sparkline";
import { OnlineBadge, SimulatedBadge } from "../../design/Badge";
import { Table, type Column } from "../../design/Table";
import { LABELS } from "../../labels/labels";
import { Age } from "../../time/Moment";
import { trendInWords, type RoomRow } from "./rooms";

const COLUMNS: readonly Column<RoomRow>[] = [
  {
    id: "classroom",
    header: "Classroom",
    cell: ({ classroom, simulated }) => (
      <span className="row">
        <Link to={`/classrooms/${classroom}`}>{classroom}</Link>
        {simulated && <SimulatedBadge />}
      </span>
    ),
  },
  { id: "online", header: "Device", cell: ({ online }) => <OnlineBadge online={online} /> },
  { id: "students", header: "In view", end: true, cell: ({ students }) => students },
  {
    id: "mix",
    header: "Mix",
    minor: true,
    cell: ({ mix }) => (
      <div className="rooms-table__mix">
        <ShareBar shares={mix} of="students" legend="none" />
      </div>
    ),
  },
  ...LABELS.map((label): Column<RoomRow> => ({
    id: label,
    header: label,
    end: true,
    cell: ({ mix }) => (mix[label] === 0 ? <span className="faint">0</span> : mix[label]),
  })),
  {
    id: "trend",
    header: "Last hour",
    minor: true,
    cell: ({ trend }) => (
      <div className="rooms-table__trend">
        <Sparkline buckets={trend} label={trendInWords(trend)} />
      </div>
    ),
  },
  {
    id: "observed",
    header: "Newest",
    minor: true,
    cell: ({ observedAt }) => (observedAt === null ? "" : <Age of={observedAt} ago />),
  },
];

/** The tiles as rows: more classrooms at once. */
export function RoomTable({ rooms }: { rooms: readonly RoomRow[] }): ReactElement {
  return (
    <div className="card">
      <Table caption="Classrooms" columns={COLUMNS} rows={rooms} rowKey={({ classroom }) => classroom} />
    </div>
  );
}
