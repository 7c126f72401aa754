import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";

import StudentPage from "../../../src/pages/student/StudentPage";
import { Refusal, type Answers } from "../../central";
import { renderPage, type Rendered } from "../../render";
import { changes, snapshot } from "../../socket";
import { page, receipt, shares, student } from "../data";

const PATTERN = {
  start: "2026-09-28T00:00:00Z",
  end: "2026-11-23T09:00:00Z",
  cells: [{ weekday: 0, hour: 9, shares: shares({ tired: 50, happy: 50 }) }],
  baseline: {
    recent_start: "2026-11-16T00:00:00Z",
    recent: shares({ tired: 300, neutral: 700 }),
    before_start: "2026-09-28T00:00:00Z",
    before: shares({ tired: 300, neutral: 2700 }),
  },
};
const ANSWERS: Answers = {
  "GET /api/students/s-042": student(),
  "GET /api/students/s-042/timeline": {
    start: "2026-11-17T00:00:00Z",
    end: "2026-11-23T09:00:00Z",
    resolution: "hour",
    kept_since: null,
    hidden: false,
    buckets: [],
  },
  "GET /api/students/s-042/pattern": PATTERN,
  "GET /api/students/s-042/observations": page([
    { observed_at: "2026-11-20T10:15:00Z", classroom: "room-101", label: "happy", late: true },
  ]),
  "GET /api/groups": [],
};

function show(answers: Answers = {}, session = {}): Promise<Rendered> {
  const setting = { path: "/students/s-042", route: "/students/:studentId", session };
  return renderPage(<StudentPage />, { ...setting, answers: { ...ANSWERS, ...answers } });
}

afterEach(() => {
  vi.useRealTimers();
});

/** The page as it is a minute later, when it has asked again. */
async function later(answer: unknown): Promise<Rendered> {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const rendered = await show();
  await screen.findByRole("heading", { name: "Ada Lovelace" });
  rendered.central.answers["GET /api/students/s-042"] = answer;
  return rendered;
}

function aMinutePasses(): void {
  act(() => {
    vi.advanceTimersByTime(60_000);
  });
}

const PRESENT = {
  student_id: "s-042",
  name: "Ada Lovelace",
  group: "7b",
  classroom: "room-101",
  label: "neutral" as const,
  since: "2026-11-23T08:50:00Z",
  observed_at: "2026-11-23T09:00:00Z",
};

test("the label now follows the live picture", async () => {
  const { live } = await show();
  const now = await screen.findByRole("region", { name: "Now" });
  expect(now).toHaveTextContent("Not in view. Last seen");
  live.say(
    snapshot([{ classroom: "room-101", simulated: false, online: true, since: null, students: [PRESENT] }]),
  );
  await waitFor(() => {
    expect(now).toHaveTextContent("neutral");
  });
  live.say(changes(2, { kind: "student", ...PRESENT, label: "tired" }));
  await waitFor(() => {
    expect(now).toHaveTextContent("tired");
  });
  live.say(changes(3, { kind: "gone", student_id: "s-042", classroom: "room-101" }));
  await waitFor(() => {
    expect(now).toHaveTextContent("Not in view");
  });
});

test("a student is compared with their own past, in words and with the counts", async () => {
  await show();
  const card = within(await screen.findByRole("region", { name: /Compared with their own past/ }));
  expect(await card.findByText(/“tired” more often \(30% of observations, before 10%\)/)).toBeInTheDocument();
  expect(card.getByRole("row", { name: /tired/ })).toHaveTextContent("30% 30010% 30020 points more");
  expect(card.getByRole("row", { name: /happy/ })).toHaveTextContent("about the same");
});

test("too few observations are not compared", async () => {
  const baseline = { ...PATTERN.baseline, recent: shares({ tired: 12 }) };
  await show({ "GET /api/students/s-042/pattern": { ...PATTERN, baseline } });
  expect(await screen.findByText("Too little to compare")).toBeInTheDocument();
  expect(screen.getByText(/^12 observations since/)).toBeInTheDocument();
});

test("the pattern of the week is a table in figures, for the label that is chosen", async () => {
  await show();
  const cell = await screen.findByRole("cell", { name: "50% 100" });
  expect(cell.closest("tr")).toHaveTextContent("09:00");
  await userEvent.click(screen.getByRole("radio", { name: "sad" }));
  expect(screen.getByRole("cell", { name: "0% 100" })).toBeInTheDocument();
  expect(
    screen.getByRole("table", { name: /Share of the label sad by weekday and hour/ }),
  ).toBeInTheDocument();
});

test("single observations are asked for only when wanted", async () => {
  const { central } = await show();
  await userEvent.click(await screen.findByRole("button", { name: "Show them" }));
  const row = await screen.findByRole("row", { name: /Fri 20 Nov 2026, 11:15:00/ });
  expect(row).toHaveTextContent("happyroom-101late, after an outage");
  expect(central.asked("GET /api/students/s-042/observations")).toHaveLength(1);
});

test("a teacher can look, and change nothing", async () => {
  await show({}, { role: "teacher", groups: ["7b"] });
  await screen.findByRole("heading", { name: "Ada Lovelace" });
  expect(screen.queryByRole("button", { name: /Edit|Archive|Erase/ })).not.toBeInTheDocument();
});

test("a student outside one's groups looks like one who does not exist", async () => {
  await show({ "GET /api/students/s-042": new Refusal(404, "there is no student with this ID") });
  expect(await screen.findByText("No such student")).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "All students" })).toHaveAttribute("href", "/students");
});

test("nothing of a student stays in sight once they may not be seen any more", async () => {
  await later(new Refusal(404, "there is no student with this ID"));
  aMinutePasses();
  expect(await screen.findByText("No such student")).toBeInTheDocument();
  expect(screen.queryByText("Ada Lovelace")).not.toBeInTheDocument();
  expect(screen.queryByText("file 12")).not.toBeInTheDocument();
});

test("a page that is out of date says so", async () => {
  await later(new Refusal(503, "The database is busy."));
  aMinutePasses();
  expect(await screen.findByText("The database is busy.")).toBeInTheDocument();
  expect(screen.getByRole("heading", { name: "Ada Lovelace" })).toBeInTheDocument();
});

test("the receipt of an erasure stays open when the student is found gone", async () => {
  const gone = new Refusal(404, "there is no student with this ID");
  const { central } = await later(gone);
  central.answers["DELETE /api/students/s-042"] = receipt();
  fireEvent.click(screen.getByRole("button", { name: "Erase" }));
  fireEvent.change(screen.getByLabelText("Type s-042 to confirm"), { target: { value: "s-042" } });
  fireEvent.click(screen.getByRole("button", { name: "Erase for ever" }));
  expect(await screen.findByText("E-2026-0007")).toBeInTheDocument();
  aMinutePasses();
  expect(await screen.findByText(gone.problem.detail)).toBeInTheDocument();
  expect(screen.getByText("E-2026-0007")).toBeInTheDocument();
});

test("after an erasure one is back at the list", async () => {
  await show({ "DELETE /api/students/s-042": receipt() });
  await userEvent.click(await screen.findByRole("button", { name: "Erase" }));
  await userEvent.type(screen.getByLabelText("Type s-042 to confirm"), "s-042{Enter}");
  await userEvent.click(await screen.findByRole("button", { name: "Done" }));
  expect(await screen.findByText("elsewhere")).toBeInTheDocument();
});

test("what a label is stands on the page", async () => {
  await show();
  expect(await screen.findByText(/It is not a feeling, and it is often wrong/)).toBeInTheDocument();
});
