import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Present } from "../../src/api/models";
import { Picture } from "../../src/live/picture";
import { AT, changes, snapshot } from "../socket";

function student(id: string, more: Partial<Present> = {}): Present {
  const present = {
    student_id: id,
    name: `Name ${id}`,
    group: "7b",
    classroom: "room-101",
    label: "happy" as const,
  };
  return { ...present, since: AT, observed_at: AT, ...more };
}

function room(classroom: string, ...students: Present[]) {
  return { classroom, simulated: false, online: true, since: AT, students };
}

let picture: Picture;

beforeEach(() => {
  picture = new Picture();
  picture.apply(
    snapshot([room("room-101", student("s-1"), student("s-2", { label: "sad" })), room("room-102")]),
  );
});

describe("a snapshot", () => {
  test("shows who is where, by name, and counts the labels", () => {
    expect(picture.roster("room-101")).toEqual(["s-1", "s-2"]);
    expect(picture.classroom("room-101")).toMatchObject({
      students: 2,
      online: true,
      mix: { happy: 1, sad: 1 },
    });
    expect(picture.student("s-2")?.label).toBe("sad");
  });

  test("takes away who and what is no longer in it", () => {
    picture.apply(snapshot([room("room-102", student("s-2", { classroom: "room-102" }))], 9));
    expect(picture.classrooms()).toEqual(["room-102"]);
    expect(picture.student("s-1")).toBeNull();
    expect(picture.roster("room-102")).toEqual(["s-2"]);
    expect(picture.version).toBe(9);
  });

  test("that says the same again notifies nobody", () => {
    const notify = vi.fn();
    picture.watch("school", notify);
    picture.watch("student:s-1", notify);
    picture.apply(
      snapshot([room("room-101", student("s-1"), student("s-2", { label: "sad" })), room("room-102")], 2),
    );
    expect(notify).not.toHaveBeenCalled();
  });
});

describe("a change", () => {
  test("of one student's label touches that student and the room, and nobody else", () => {
    const [one, other, roster, glance, elsewhere] = [vi.fn(), vi.fn(), vi.fn(), vi.fn(), vi.fn()];
    picture.watch("student:s-1", one);
    picture.watch("student:s-2", other);
    picture.watch("roster:room-101", roster);
    picture.watch("classroom:room-101", glance);
    picture.watch("classroom:room-102", elsewhere);
    const roomBefore = picture.classroom("room-102");
    picture.apply(changes(2, { kind: "student", ...student("s-1", { label: "tired" }) }));
    expect([one, other, roster, glance, elsewhere].map((notify) => notify.mock.calls.length)).toEqual([
      1, 0, 0, 1, 0,
    ]);
    expect(picture.classroom("room-101")?.mix).toMatchObject({ happy: 0, tired: 1, sad: 1 });
    expect(picture.classroom("room-102")).toBe(roomBefore);
  });

  test("moves a student who is seen in another classroom", () => {
    picture.apply(changes(2, { kind: "student", ...student("s-1", { classroom: "room-102" }) }));
    expect(picture.roster("room-101")).toEqual(["s-2"]);
    expect(picture.roster("room-102")).toEqual(["s-1"]);
  });

  test("that takes a student out of the room left before does not take them out of the new one", () => {
    picture.apply(
      changes(
        2,
        { kind: "student", ...student("s-1", { classroom: "room-102" }) },
        { kind: "gone", student_id: "s-1", classroom: "room-101" },
      ),
    );
    expect(picture.student("s-1")?.classroom).toBe("room-102");
  });

  test("that somebody has gone empties the room", () => {
    picture.apply(changes(2, { kind: "gone", student_id: "s-1", classroom: "room-101" }));
    picture.apply(changes(3, { kind: "gone", student_id: "s-2", classroom: "room-101" }));
    expect(picture.classroom("room-101")).toMatchObject({ students: 0, observedAt: null });
  });

  test("that a device went offline leaves the students to time out", () => {
    const device = { classroom: "room-101", simulated: false, online: false, since: AT };
    picture.apply(changes(2, { kind: "device", ...device }));
    expect(picture.classroom("room-101")).toMatchObject({ online: false, students: 2 });
  });

  test("in a classroom not known before makes it known", () => {
    picture.apply(changes(2, { kind: "student", ...student("s-9", { classroom: "lab-1" }) }));
    expect(picture.classrooms()).toEqual(["lab-1", "room-101", "room-102"]);
    expect(picture.classroom("lab-1")?.online).toBeNull();
  });
});

test("rooms stand in the order of their numbers, not of their digits", () => {
  picture.apply(snapshot([room("room-10"), room("room-9")]));
  expect(picture.classrooms()).toEqual(["room-9", "room-10"]);
});

test("a heartbeat moves the time and the version and nothing else", () => {
  const notify = vi.fn();
  picture.watch("school", notify);
  picture.apply({ type: "heartbeat", version: 7, at: "2026-11-23T09:01:00Z" });
  expect([picture.version, picture.at, notify.mock.calls.length]).toEqual([7, "2026-11-23T09:01:00Z", 0]);
});

test("after a logout nothing is left", () => {
  picture.clear();
  expect([picture.classrooms(), picture.student("s-1"), picture.epoch]).toEqual([[], null, null]);
});
