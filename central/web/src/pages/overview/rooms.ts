import type { Overview, Shares } from "../../api/models";
import { inWords } from "../../labels/labels";
import type { LiveClassroom } from "../../live/picture";
import { byName } from "../../names";

/** A classroom as the overview shows it. */
export interface RoomRow extends LiveClassroom {
  /** The last hour, the oldest first; empty until central has told. */
  trend: readonly Shares[];
}

export const SORTS = { name: "Name", present: "Most present", offline: "Offline first" } as const;
export type Sort = keyof typeof SORTS;

export const STATES = { all: "All", online: "Online", offline: "Offline" } as const;
export type State = keyof typeof STATES;

/** The live picture, with the trends of the overview; before there is a live picture the overview alone. */
export function merge(
  live: readonly LiveClassroom[] | null,
  overview: Overview | undefined,
): readonly RoomRow[] {
  const classrooms = overview?.classrooms ?? [];
  const trends = new Map(classrooms.map(({ classroom, trend }) => [classroom, trend]));
  const now: readonly LiveClassroom[] =
    live ?? classrooms.map(({ observed_at, trend: _, ...rest }) => ({ ...rest, observedAt: observed_at }));
  return now.map((room) => ({ ...room, trend: trends.get(room.classroom) ?? [] }));
}

/** Rooms that match what is looked for, in the chosen order; by name where that leaves it open. */
export function select(
  rooms: readonly RoomRow[],
  text: string,
  state: State,
  sort: Sort,
): readonly RoomRow[] {
  const wanted = text.trim().toLowerCase();
  const order: Record<Sort, (a: RoomRow, b: RoomRow) => number> = {
    name: () => 0,
    present: (a, b) => b.students - a.students,
    offline: (a, b) => Number(a.online === true) - Number(b.online === true),
  };
  return rooms
    .filter((room) => room.classroom.includes(wanted))
    .filter((room) => state === "all" || (room.online === true) === (state === "online"))
    .toSorted((a, b) => order[sort](a, b) || byName(a.classroom, b.classroom));
}

/** A trend for those who cannot see it. */
export function trendInWords(trend: readonly Shares[]): string {
  const latest = trend.at(-1);
  return latest === undefined
    ? "Last hour: no figures yet"
    : `Last hour, latest five minutes: ${inWords(latest)}`;
}
