import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import StudentsPage from "../../../src/pages/students/StudentsPage";
import { Refusal, type Request } from "../../central";
import { renderPage, type Rendered } from "../../render";
import { snapshot } from "../../socket";
import { page, receipt, student } from "../data";

const ANSWERS = {
  "GET /api/students": page([
    student(),
    student({ student_id: "s-043", display_name: "Bo Berg", group: "8a" }),
  ]),
  "GET /api/groups": [
    { group: "7b", students: 1, present: null, mix: null },
    { group: "8a", students: 1, present: null, mix: null },
  ],
  "GET /api/unknown-students": [],
};

function show(answers = {}, session = {}): Promise<Rendered> {
  return renderPage(<StudentsPage />, { answers: { ...ANSWERS, ...answers }, session });
}

test("a student in view shows the label and the classroom as it comes in live", async () => {
  const { live } = await show();
  const row = await screen.findByRole("row", { name: /Ada Lovelace/ });
  expect(row).toHaveTextContent("last 20 Nov 2026, 11:15");
  live.say(
    snapshot([
      {
        classroom: "room-101",
        simulated: false,
        online: true,
        since: null,
        students: [
          {
            student_id: "s-042",
            name: "Ada Lovelace",
            group: "7b",
            classroom: "room-101",
            label: "tired",
            since: "2026-11-23T08:50:00Z",
            observed_at: "2026-11-23T09:00:00Z",
          },
        ],
      },
    ]),
  );
  await waitFor(() => {
    expect(row).toHaveTextContent("tiredroom-101");
  });
});

test("search, group and archive are asked of central", async () => {
  const { central } = await show();
  await userEvent.type(await screen.findByRole("searchbox", { name: "Search" }), "berg");
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Group" }), "8a");
  await userEvent.click(screen.getByRole("checkbox", { name: "Archived ones" }));
  await waitFor(() => {
    expect(central.requests.at(-1)?.path).toBe("/api/students?query=berg&group=8a&archived=true");
  });
});

test("more students are fetched by the key of the last one", async () => {
  const first = page([student()], { total: 2, next: "s-042" });
  const second = page([student({ student_id: "s-043", display_name: "Bo Berg" })], { total: 2 });
  const { central } = await show({
    "GET /api/students": ({ path }: Request) => (path.includes("after=s-042") ? second : first),
  });
  expect(await screen.findByText("1 of 2 students")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Show more" }));
  expect(await screen.findByRole("link", { name: "Bo Berg" })).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Ada Lovelace" })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Show more" })).not.toBeInTheDocument();
  expect(central.requests.at(-1)?.path).toContain("after=s-042");
});

test("a teacher sees the list and nothing that changes it", async () => {
  const { central } = await show({}, { role: "teacher", groups: ["7b"] });
  await screen.findByRole("link", { name: "Ada Lovelace" });
  for (const name of ["New student", "Import", /Edit/, /Archive/, /Erase/]) {
    expect(screen.queryByRole("button", { name })).not.toBeInTheDocument();
  }
  expect(screen.queryByRole("link", { name: "Export" })).not.toBeInTheDocument();
  expect(central.asked("GET /api/unknown-students")).toEqual([]);
});

test("a list that cannot be loaded says why and can be asked for again", async () => {
  const { central } = await show({ "GET /api/students": new Refusal(503, "The database is busy.") });
  expect(await screen.findByRole("alert")).toHaveTextContent("The database is busy.");
  central.answers["GET /api/students"] = ANSWERS["GET /api/students"];
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("link", { name: "Ada Lovelace" })).toBeInTheDocument();
});

test("an empty school is told what to do", async () => {
  await show({ "GET /api/students": page([]) });
  expect(await screen.findByText("No students yet")).toBeInTheDocument();
});

test("archiving is sent with the session's CSRF token, and told", async () => {
  const { central } = await show({ "PATCH /api/students/s-042": student({ archived: true }) });
  await userEvent.click(await screen.findByRole("button", { name: "Archive Ada Lovelace" }));
  expect(await screen.findByText("Ada Lovelace is archived; the history is kept.")).toBeInTheDocument();
  const [request] = central.asked("PATCH /api/students/s-042");
  expect(request?.body).toEqual({ archived: true });
  expect(request?.headers.get("x-csrf-token")).toBe("csrf-1");
});

test("an unknown ID gets a profile with that ID", async () => {
  const unknown = {
    student_id: "s-099",
    classrooms: ["room-101"],
    first_seen: "2026-11-20T08:00:00Z",
    last_seen: "2026-11-20T09:00:00Z",
    observations: 17,
  };
  const { central } = await show({
    "GET /api/unknown-students": [unknown],
    "POST /api/students": student({ student_id: "s-099", display_name: "Cy" }),
  });
  await userEvent.click(await screen.findByRole("button", { name: "Assign s-099" }));
  const dialog = within(screen.getByRole("dialog"));
  expect(dialog.getByLabelText("Student ID")).toHaveValue("s-099");
  expect(dialog.getByLabelText("Student ID")).toHaveAttribute("readonly");
  await userEvent.type(dialog.getByLabelText("Name"), "Cy");
  await userEvent.type(dialog.getByLabelText("Consent reference"), "file 3");
  await userEvent.click(dialog.getByRole("button", { name: "Create" }));
  expect(await screen.findByText("Cy has a profile now.")).toBeInTheDocument();
  expect(central.asked("POST /api/students")[0]?.body).toMatchObject({
    student_id: "s-099",
    display_name: "Cy",
    group: null,
  });
});

test("of many unknown IDs the real ones are shown first, the others when asked for", async () => {
  const unknown = ["simulated-1", "simulated-2", "simulated-3", "simulated-4", "simulated-5", "room-101"].map(
    (classroom, index) => ({
      student_id: `s-${index}`,
      classrooms: [classroom],
      first_seen: "2026-11-20T08:00:00Z",
      last_seen: "2026-11-20T09:00:00Z",
      observations: 1,
    }),
  );
  await show({ "GET /api/unknown-students": unknown });
  const rows = within(await screen.findByRole("table", { name: "Student IDs without a profile" }));
  expect(rows.getAllByRole("rowheader").map((cell) => cell.textContent)).toEqual([
    "s-5",
    "s-0",
    "s-1",
    "s-2",
    "s-3",
  ]);
  await userEvent.click(screen.getByRole("button", { name: "Show all 6" }));
  expect(rows.getAllByRole("rowheader")).toHaveLength(6);
});

test("a student who is erased leaves the list only after the receipt was seen", async () => {
  const { central } = await show({ "DELETE /api/students/s-042": receipt() });
  await userEvent.click(await screen.findByRole("button", { name: "Erase Ada Lovelace" }));
  await userEvent.type(screen.getByLabelText("Type s-042 to confirm"), "s-042");
  central.answers["GET /api/students"] = page([]);
  await userEvent.click(screen.getByRole("button", { name: "Erase for ever" }));
  expect(await screen.findByRole("dialog", { name: "s-042 is erased" })).toHaveTextContent("12,345");
  expect(screen.getByRole("link", { name: "Ada Lovelace" })).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Done" }));
  expect(await screen.findByText("No students yet")).toBeInTheDocument();
});
