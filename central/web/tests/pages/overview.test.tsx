import { act, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import type { OverviewClassroom, Present } from "../../src/api/models";
import { NO_SHARES } from "../../src/labels/labels";
import OverviewPage from "../../src/pages/overview/OverviewPage";
import { fit } from "../../src/pages/overview/useWallFit";
import { Refusal } from "../central";
import { renderPage } from "../render";
import { AT, changes, snapshot } from "../socket";

afterEach(() => {
  vi.useRealTimers();
});

function classroom(name: string, more: Partial<OverviewClassroom> = {}): OverviewClassroom {
  const quiet = { classroom: name, simulated: false, online: true, since: AT, observed_at: AT };
  return { ...quiet, mix: NO_SHARES, students: 0, trend: [], ...more };
}

function student(id: string, more: Partial<Present> = {}): Present {
  const present = { student_id: id, name: id, group: null, classroom: "room-101", label: "happy" as const };
  return { ...present, since: AT, observed_at: AT, ...more };
}

function overview(...classrooms: OverviewClassroom[]) {
  return { "GET /api/overview": { at: AT, classrooms } };
}

async function tile(name: string): Promise<HTMLElement> {
  const article = (await screen.findByRole("link", { name })).closest("article");
  if (article === null) throw new Error("a classroom is no article");
  return article;
}

test("before anything is live it shows what central answered", async () => {
  const mix = { ...NO_SHARES, happy: 3, tired: 1 };
  await renderPage(<OverviewPage />, { answers: overview(classroom("room-101", { mix, students: 4 })) });
  const room = await tile("room-101");
  expect(room).toHaveTextContent("4 in view");
  expect(within(room).getByRole("img", { name: "4 students: 3 happy, 1 tired" })).toBeVisible();
  expect(room).toHaveTextContent("online");
});

test("a label that changes is seen at once", async () => {
  const { live } = await renderPage(<OverviewPage />, { answers: overview(classroom("room-101")) });
  const device = { classroom: "room-101", simulated: false, online: true, since: AT };
  act(() => {
    live.say(snapshot([{ ...device, students: [student("s-1"), student("s-2")] }]));
  });
  const room = await tile("room-101");
  expect(within(room).getByRole("img", { name: "2 students: 2 happy" })).toBeVisible();
  act(() => {
    live.say(changes(2, { kind: "student", ...student("s-1", { label: "tired" }) }));
  });
  expect(within(room).getByRole("img", { name: "2 students: 1 happy, 1 tired" })).toBeVisible();
});

test("a device that goes offline is seen at once, and for how long", async () => {
  const { live } = await renderPage(<OverviewPage />, { answers: overview(classroom("room-101")) });
  const device = { classroom: "room-101", simulated: false, online: true, since: AT };
  act(() => {
    live.say(snapshot([{ ...device, students: [] }]));
    live.say(changes(2, { kind: "device", ...device, online: false }));
  });
  expect(await tile("room-101")).toHaveTextContent(/offline for/);
});

test("simulated classrooms are marked as such", async () => {
  const { live } = await renderPage(<OverviewPage />, { answers: overview() });
  const device = { simulated: true, online: true, since: AT, students: [] };
  act(() => {
    live.say(snapshot([{ ...device, classroom: "simulated-01" }]));
  });
  expect(within(await tile("simulated-01")).getByText("simulated")).toBeVisible();
});

test("classrooms can be found, filtered and ordered", async () => {
  await renderPage(<OverviewPage />, {
    answers: overview(
      classroom("room-10", { students: 3 }),
      classroom("room-9", { students: 8 }),
      classroom("lab-1", { online: false }),
    ),
  });
  await screen.findByRole("link", { name: "room-9" });
  const shown = () =>
    screen.getAllByRole("article").map((room) => within(room).getByRole("link").textContent);
  expect(shown()).toEqual(["lab-1", "room-9", "room-10"]);
  await userEvent.selectOptions(screen.getByLabelText("Order"), "Most present");
  expect(shown()).toEqual(["room-9", "room-10", "lab-1"]);
  await userEvent.click(screen.getByRole("radio", { name: "Offline" }));
  expect(shown()).toEqual(["lab-1"]);
  await userEvent.type(screen.getByLabelText("Find a classroom"), "room");
  expect(screen.getByText("No classroom matches")).toBeVisible();
});

test("the same is there as a table", async () => {
  const mix = { ...NO_SHARES, sad: 2 };
  await renderPage(<OverviewPage />, { answers: overview(classroom("room-101", { mix, students: 2 })) });
  await userEvent.click(await screen.findByRole("radio", { name: "Table" }));
  const row = within(screen.getByRole("table", { name: "Classrooms" })).getByRole("row", {
    name: /room-101/,
  });
  expect(within(row).getByRole("cell", { name: "2 students: 2 sad" })).toBeVisible();
});

test.each(["Tiles", "Table"])("until the last hour is known nothing is said of it (%s)", async (view) => {
  const mix = { ...NO_SHARES, sad: 2 };
  await renderPage(<OverviewPage />, { answers: overview(classroom("room-101", { mix, students: 2 })) });
  await userEvent.click(await screen.findByRole("radio", { name: view }));
  expect(screen.getByRole("img", { name: "Last hour: no figures yet" })).toBeInTheDocument();
});

test("the note on what a label is stands above the first label", async () => {
  await renderPage(<OverviewPage />, { answers: overview(classroom("room-101")) });
  const note = screen.getByText(/It is not a feeling, and it is often wrong/);
  const room = await tile("room-101");
  expect(note.compareDocumentPosition(room) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy();
});

test("a school of which nothing is known is told what to do", async () => {
  await renderPage(<OverviewPage />, { answers: overview() });
  expect(await screen.findByText("No classroom has been heard from yet")).toBeVisible();
});

test("an error says what central said, and can be tried again", async () => {
  const answers = { "GET /api/overview": new Refusal(503, "The database is busy.") as unknown };
  const { central } = await renderPage(<OverviewPage />, { answers });
  expect(await screen.findByRole("alert")).toHaveTextContent("The database is busy.");
  central.answers["GET /api/overview"] = { at: AT, classrooms: [classroom("room-101")] };
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await tile("room-101")).toBeVisible();
});

test("a picture that is not live any more says how old it is", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true, now: Date.parse(AT) });
  const { live } = await renderPage(<OverviewPage />, { answers: overview(classroom("room-101")) });
  act(() => {
    live.say(snapshot([]));
  });
  expect(screen.queryByText("Not live")).toBeNull();
  act(() => {
    live.socket.drop();
    vi.advanceTimersByTime(70_000);
  });
  expect(screen.getByText(/This is the picture of 10:00:00, 1 min old/)).toBeVisible();
});

// So many tiles on such a screen (rem): how many columns.
test.each([
  [1, 139, 60, 1],
  [9, 139, 60, 3],
  [30, 139, 60, 8],
  [100, 139, 60, 13],
])("on a wall %i classrooms fill a screen of %i x %i rem in %i columns", (tiles, width, height, columns) => {
  expect(fit(tiles, width, height).columns).toBe(columns);
});
