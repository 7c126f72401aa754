import { useState, type ReactElement } from "react";
import { useApi } from "../../api/hooks";
import type { Overview } from "../../api/models";
import { useFormats } from "../../app/school";
import { useWall } from "../../app/wall";
import { Button } from "../../design/Button";
import { SelectField, Segments, TextField } from "../../design/Form";
import { Page } from "../../design/Page";
import { Empty, ErrorNotice, Loading } from "../../design/States";
import { LabelNote } from "../../labels/LabelNote";
import { useConnection, useLiveSchool } from "../../live/live";
import { LiveNotice } from "../../live/LiveNotice";
import { useNow } from "../../time/now";
import "./overview.css";
import { RoomTile } from "./RoomTile";
import { RoomTable } from "./RoomTable";
import { merge, select, SORTS, STATES, type RoomRow, type Sort, type State } from "./rooms";
import { useWallFit } from "./useWallFit";
import { SchoolNow } from "./SchoolNow";

type View = "tiles" | "table";

export default function OverviewPage(): ReactElement {
  const { heardAt } = useConnection();
  const live = useLiveSchool();
  const overview = useApi<Overview>("/api/overview", { everySeconds: 60 });
  const [wall, setWall] = useWall();
  const { date } = useFormats();
  const now = useNow(60);
  const rooms = merge(heardAt === null ? null : live, overview.data);
  const known = heardAt !== null || overview.data !== undefined;
  return (
    <Page
      title="Overview"
      lead={<span>{date(now)}</span>}
      actions={
        !wall && (
          <span className="wide-only">
            <Button
              icon="wall"
              onClick={() => {
                setWall(true);
              }}
            >
              Wall display
            </Button>
          </span>
        )
      }
    >
      <LabelNote />
      <LiveNotice />
      {overview.error !== null && (
        <ErrorNotice error={overview.error} onRetry={() => void overview.refetch()} />
      )}
      {!known && overview.error === null && <Loading what="Loading classrooms" />}
      {known && rooms.length === 0 && (
        <Empty icon="device" title="No classroom has been heard from yet">
          A classroom appears as soon as its device connects to the broker, and students as soon as they are
          observed. To look around without a device, let <code>classpulse-central simulate</code> play one.
        </Empty>
      )}
      {rooms.length > 0 && <Rooms rooms={rooms} wall={wall} />}
    </Page>
  );
}

function Rooms({ rooms, wall }: { rooms: readonly RoomRow[]; wall: boolean }): ReactElement {
  const [text, setText] = useState("");
  const [state, setState] = useState<State>("all");
  const [sort, setSort] = useState<Sort>("name");
  const [view, setView] = useState<View>("tiles");
  const [list, style] = useWallFit(rooms.length, wall);
  const shown = wall ? rooms : select(rooms, text, state, sort);
  return (
    <>
      <SchoolNow rooms={rooms} />
      {!wall && (
        <div className="room-filters" role="search" aria-label="Classrooms">
          <TextField
            label="Find a classroom"
            quiet
            type="search"
            placeholder="Find a classroom"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
            }}
          />
          <Segments label="State" value={state} onChange={setState} options={entries(STATES)} />
          <SelectField
            label="Order"
            quiet
            value={sort}
            onChange={(event) => {
              setSort(event.target.value as Sort);
            }}
          >
            {entries(SORTS).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </SelectField>
          <span className="wide-only">
            <Segments<View>
              label="View"
              value={view}
              onChange={setView}
              options={[
                ["tiles", "Tiles"],
                ["table", "Table"],
              ]}
            />
          </span>
        </div>
      )}
      {shown.length === 0 && (
        <Empty icon="search" title="No classroom matches">
          Change what you look for, or choose all states.
        </Empty>
      )}
      {shown.length > 0 && view === "table" && !wall && <RoomTable rooms={shown} />}
      {shown.length > 0 && (view === "tiles" || wall) && (
        <ul ref={list} className="rooms" style={style}>
          {shown.map(({ classroom, ...room }) => (
            <li key={classroom}>
              <RoomTile classroom={classroom} {...room} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function entries<Key extends string>(of: Record<Key, string>): [Key, string][] {
  return Object.entries(of) as [Key, string][];
}
