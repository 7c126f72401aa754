/** Who is in view now, as the live messages tell it. Each part changes its identity only when its content does, so that
one student's change renders one row. */
import type { Present, Shares } from "../api/models";
import { NO_SHARES } from "../labels/labels";
import { byName } from "../names";
import type { Changes, LiveDevice, Message, Snapshot } from "./messages";

/** A classroom at a glance. */
export interface LiveClassroom extends LiveDevice {
  /** Students present, by label. */
  mix: Shares;
  students: number;
  /** The newest observation. */
  observedAt: string | null;
}

interface Room {
  device: LiveDevice;
  present: Map<string, Present>;
}

/** What may be watched: `classrooms` and `roster:` change as somebody comes or goes, the others with their content. */
export type Part = "classrooms" | "school" | `classroom:${string}` | `roster:${string}` | `student:${string}`;

const NOBODY: readonly string[] = [];

export class Picture {
  epoch: string | null = null;
  version = 0;
  /** Central's time at the newest message; null: there was none. */
  at: string | null = null;

  readonly #rooms = new Map<string, Room>();
  readonly #whereabouts = new Map<string, string>();
  readonly #watching = new Map<Part, Set<() => void>>();
  readonly #made = new Map<Part, unknown>();
  #changed = new Set<Part>();

  /** Takes a message in, then tells whoever watches a part that changed. */
  apply(message: Message): void {
    if (message.type === "snapshot") this.#replace(message);
    if (message.type === "changes") this.#change(message);
    this.version = message.version;
    this.at = message.at;
    this.#tell();
  }

  /** Forgets everything: another account must not see it. */
  clear(): void {
    this.epoch = null;
    this.version = 0;
    this.at = null;
    for (const classroom of [...this.#rooms.keys()]) this.#removeRoom(classroom);
    this.#tell();
  }

  watch(part: Part, notify: () => void): () => void {
    const watching = this.#watching.get(part) ?? new Set();
    this.#watching.set(part, watching.add(notify));
    return () => {
      watching.delete(notify);
      if (watching.size === 0) this.#watching.delete(part);
    };
  }

  /** Classrooms, in alphabetical order. */
  classrooms(): readonly string[] {
    return this.#make("classrooms", () => [...this.#rooms.keys()].sort(byName));
  }

  classroom(classroom: string): LiveClassroom | null {
    return this.#make(`classroom:${classroom}`, () => {
      const room = this.#rooms.get(classroom);
      return room === undefined ? null : glance(room);
    });
  }

  /** All classrooms at a glance, in alphabetical order. */
  school(): readonly LiveClassroom[] {
    return this.#make("school", () =>
      this.classrooms().flatMap((classroom) => this.classroom(classroom) ?? []),
    );
  }

  /** Who is present in a classroom: student IDs, in the order of their names. */
  roster(classroom: string): readonly string[] {
    return this.#make(`roster:${classroom}`, () => {
      const present = [...(this.#rooms.get(classroom)?.present.values() ?? [])];
      if (present.length === 0) return NOBODY;
      return present
        .sort((a, b) => byName(a.name ?? a.student_id, b.name ?? b.student_id))
        .map((one) => one.student_id);
    });
  }

  student(student: string): Present | null {
    const classroom = this.#whereabouts.get(student);
    return (classroom === undefined ? undefined : this.#rooms.get(classroom)?.present.get(student)) ?? null;
  }

  #make<Value>(part: Part, build: () => Value): Value {
    if (!this.#made.has(part)) this.#made.set(part, build());
    return this.#made.get(part) as Value;
  }

  #replace({ epoch, classrooms }: Snapshot): void {
    this.epoch = epoch;
    const known = new Set(classrooms.map(({ classroom }) => classroom));
    for (const classroom of [...this.#rooms.keys()]) if (!known.has(classroom)) this.#removeRoom(classroom);
    for (const { students, ...device } of classrooms) {
      this.#setDevice(device);
      const here = new Set(students.map(({ student_id }) => student_id));
      for (const student of this.roster(device.classroom))
        if (!here.has(student)) this.#remove(student, device.classroom);
    }
    for (const student of classrooms.flatMap((one) => one.students)) this.#put(student);
  }

  #change({ changes }: Changes): void {
    for (const { kind, ...change } of changes) {
      if (kind === "student") this.#put(change as Present);
      else if (kind === "device") this.#setDevice(change as LiveDevice);
      else this.#remove((change as Present).student_id, change.classroom);
    }
  }

  #room(classroom: string): Room {
    const known = this.#rooms.get(classroom);
    if (known !== undefined) return known;
    const device = { classroom, simulated: false, online: null, since: null };
    const room: Room = { device, present: new Map() };
    this.#rooms.set(classroom, room);
    this.#touch("classrooms", "school", `classroom:${classroom}`);
    return room;
  }

  #setDevice(device: LiveDevice): void {
    const room = this.#room(device.classroom);
    if (same(room.device, device)) return;
    room.device = device;
    this.#touch("school", `classroom:${device.classroom}`);
  }

  #put(student: Present): void {
    const { student_id: id, classroom } = student;
    const before = this.#whereabouts.get(id);
    if (before !== undefined && before !== classroom) this.#remove(id, before);
    const { present } = this.#room(classroom);
    const old = present.get(id);
    if (old !== undefined && same(old, student)) return;
    present.set(id, student);
    this.#whereabouts.set(id, classroom);
    this.#touch("school", `student:${id}`, `classroom:${classroom}`);
    if (old?.name !== student.name || before !== classroom) this.#touch(`roster:${classroom}`);
  }

  /** Whoever was seen elsewhere since then stays there. */
  #remove(student: string, classroom: string): void {
    if (this.#rooms.get(classroom)?.present.delete(student) !== true) return;
    this.#whereabouts.delete(student);
    this.#touch("school", `student:${student}`, `classroom:${classroom}`, `roster:${classroom}`);
  }

  #removeRoom(classroom: string): void {
    for (const student of this.roster(classroom)) this.#remove(student, classroom);
    this.#rooms.delete(classroom);
    this.#touch("classrooms", "school", `classroom:${classroom}`);
  }

  #touch(...parts: Part[]): void {
    for (const part of parts) {
      this.#made.delete(part);
      this.#changed.add(part);
    }
  }

  #tell(): void {
    const changed = this.#changed;
    this.#changed = new Set();
    for (const part of changed) for (const notify of this.#watching.get(part) ?? []) notify();
  }
}

function glance({ device, present }: Room): LiveClassroom {
  const mix = { ...NO_SHARES };
  let observedAt: string | null = null;
  for (const { label, observed_at } of present.values()) {
    mix[label] += 1;
    if (observedAt === null || Date.parse(observed_at) > Date.parse(observedAt)) observedAt = observed_at;
  }
  return { ...device, mix, students: present.size, observedAt };
}

function same<Flat extends object>(left: Flat, right: Flat): boolean {
  const keys = Object.keys(right) as (keyof Flat)[];
  return keys.length === Object.keys(left).length && keys.every((key) => left[key] === right[key]);
}
