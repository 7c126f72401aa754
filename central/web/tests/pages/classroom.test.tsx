import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import type { ClassroomView, Present } from "../../src/api/models";
import { NO_SHARES } from "../../src/labels/labels";
import ClassroomPage from "../../src/pages/classroom/ClassroomPage";
import { timeline } from "../charts/timelines";
import { renderPage, type Rendered } from "../render";
import { AT, changes, snapshot } from "../socket";

const DEVICE = { classroom: "room-101", simulated: false, online: true, since: AT };

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

function view(present: Present[]): ClassroomView {
  return {
    ...DEVICE,
    observed_at: AT,
    mix: { ...NO_SHARES, happy: present.length },
    students: present.length,
    present,
  };
}

function open(present: Present[] = [], path = "/classrooms/room-101"): Promise<Rendered> {
  return renderPage(<ClassroomPage />, {
    path,
    route: "/classrooms/:classroom",
    answers: {
      "GET /api/classrooms/room-101": view(present),
      "GET /api/classrooms/room-101/timeline": timeline("hour", []),
    },
  });
}

function names(): (string | null)[] {
  return within(screen.getByRole("list", { name: "Students in view" }))
    .getAllByRole("link")
    .map((link) => link.textContent);
}

test("who is in view stands there by name, with label, group and since when", async () => {
  const { live } = await open();
  act(() => {
    live.say(snapshot([{ ...DEVICE, students: [student("s-2"), student("s-1", { label: "tired" })] }]));
  });
  expect(names()).toEqual(["Name s-1", "Name s-2"]);
  const [first] = within(screen.getByRole("list", { name: "Students in view" })).getAllByRole("listitem");
  expect(first).toHaveTextContent(/^Name s-17bsince .*tired$/);
});

test("a change of one student's label changes that row and no other", async () => {
  const { live } = await open();
  act(() => {
    live.say(snapshot([{ ...DEVICE, students: [student("s-1"), student("s-2")] }]));
  });
  const [one, two] = within(screen.getByRole("list", { name: "Students in view" })).getAllByRole("listitem");
  const kept = two?.innerHTML;
  const seen: MutationRecord[] = [];
  const observer = new MutationObserver((records) => seen.push(...records));
  if (two) observer.observe(two, { subtree: true, childList: true, attributes: true, characterData: true });
  act(() => {
    live.say(changes(2, { kind: "student", ...student("s-1", { label: "sad" }) }));
  });
  expect(one).toHaveTextContent("sad");
  expect(two?.innerHTML).toBe(kept);
  seen.push(...observer.takeRecords());
  expect(seen).toEqual([]);
});

test("whoever comes appears, whoever goes disappears", async () => {
  const { live } = await open();
  act(() => {
    live.say(snapshot([{ ...DEVICE, students: [student("s-1")] }]));
    live.say(changes(2, { kind: "student", ...student("s-3") }));
  });
  expect(names()).toEqual(["Name s-1", "Name s-3"]);
  act(() => {
    live.say(changes(3, { kind: "gone", student_id: "s-1", classroom: "room-101" }));
    live.say(changes(4, { kind: "gone", student_id: "s-3", classroom: "room-101" }));
  });
  expect(screen.getByText("Nobody is in view")).toBeVisible();
});

test("an ID without a profile is shown as it is, and marked", async () => {
  const { live } = await open();
  act(() => {
    live.say(snapshot([{ ...DEVICE, students: [student("s-9", { name: null, group: null })] }]));
  });
  expect(names()).toEqual(["s-9"]);
  expect(screen.getByText("no profile")).toBeVisible();
});

test("a label can be picked out", async () => {
  const { live } = await open();
  act(() => {
    live.say(snapshot([{ ...DEVICE, students: [student("s-1"), student("s-2", { label: "tired" })] }]));
  });
  const tired = screen.getByRole("button", { name: /tired/ });
  await userEvent.click(tired);
  expect(tired).toHaveAttribute("aria-pressed", "true");
  expect(names()).toEqual(["Name s-2"]);
  await userEvent.click(tired);
  expect(names()).toHaveLength(2);
});

test("without a live connection it shows what central answers", async () => {
  await open([student("s-1")]);
  await waitFor(() => {
    expect(names()).toEqual(["Name s-1"]);
  });
});

test("a classroom that does not exist, or that one may not see, is not found", async () => {
  await open([], "/classrooms/room-999");
  expect(await screen.findByText("There is no such page")).toBeVisible();
});
