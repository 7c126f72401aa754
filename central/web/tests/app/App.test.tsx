import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import type { SessionView } from "../../src/api/models";
import { App } from "../../src/app/App";
import { FakeCentral, Refusal, type Answers } from "../central";
import { SESSION, surroundings } from "../render";
import { FakeSocket } from "../socket";

const NOBODY = new Refusal(401, "Log in.");

beforeEach(() => {
  vi.stubGlobal("WebSocket", FakeSocket);
});

function open(path: string, answers: Answers): FakeCentral {
  const central = new FakeCentral({
    "GET /api/overview": { at: "2026-11-23T09:00:00Z", classrooms: [] },
    "GET /api/devices": [],
    ...answers,
  });
  render(surroundings(<App />, path));
  return central;
}

function as(session: Partial<SessionView>): Answers {
  return { "GET /api/session": { ...SESSION, ...session } };
}

async function logIn(): Promise<void> {
  await userEvent.type(await screen.findByLabelText("Account"), " a.smith ");
  await userEvent.type(screen.getByLabelText("Password"), "a long password");
  await userEvent.click(screen.getByRole("button", { name: "Log in" }));
}

test("whoever logs in comes to the page that the address names", async () => {
  const central = open("/", { "GET /api/session": NOBODY, "POST /api/session": SESSION });
  await logIn();
  expect(await screen.findByRole("heading", { name: "Overview" })).toBeVisible();
  expect(central.asked("POST /api/session")[0]?.body).toEqual({
    account: "a.smith",
    password: "a long password",
  });
});

test("a wrong password empties the field and tells nothing more than that it is wrong", async () => {
  open("/", { "GET /api/session": NOBODY, "POST /api/session": new Refusal(401, "No.") });
  await logIn();
  expect(await screen.findByRole("alert")).toHaveTextContent("do not belong together");
  expect(screen.getByLabelText("Password")).toHaveValue("");
});

test("who tries too often is told how long to wait", async () => {
  const refused = new Refusal(429, "Wait.", {}, { "retry-after": "120" });
  open("/", { "GET /api/session": NOBODY, "POST /api/session": refused });
  await logIn();
  expect(await screen.findByRole("alert")).toHaveTextContent("Wait 2 min");
});

test("the legal note comes before everything else, and goes once it is accepted", async () => {
  const central = open("/", {
    ...as({ legal_note_accepted: false }),
    "POST /api/session/legal-note": SESSION,
  });
  expect(await screen.findByText("EU AI Act, Article 5(1)(f)")).toBeVisible();
  expect(screen.getByText("GDPR, Article 9")).toBeVisible();
  expect(screen.queryByRole("navigation")).toBeNull();
  expect(screen.getByRole("button", { name: "Continue" })).toBeDisabled();
  await userEvent.click(screen.getByRole("checkbox"));
  await userEvent.click(screen.getByRole("button", { name: "Continue" }));
  expect(await screen.findByRole("navigation")).toBeVisible();
  expect(central.asked("GET /api/overview")).toHaveLength(1);
});

test("who does not accept the note and cannot log out is told why", async () => {
  open("/", {
    ...as({ legal_note_accepted: false }),
    "DELETE /api/session": new Refusal(503, "The database is busy."),
  });
  await userEvent.click(await screen.findByRole("button", { name: "Log out" }));
  expect(await screen.findByText("The database is busy.")).toBeVisible();
});

test.each([
  ["admin", ["Overview", "Groups", "Students", "Devices", "Audit", "Settings"]],
  ["teacher", ["Overview", "Groups", "Students", "Settings"]],
  ["technician", ["Devices", "Settings"]],
] as const)("a %s finds the pages of that role", async (role, pages) => {
  open("/", as({ role }));
  const navigation = await screen.findByRole("navigation", { name: "Pages" });
  expect(
    within(navigation)
      .getAllByRole("link")
      .map((link) => link.textContent),
  ).toEqual(pages);
});

test("a technician is connected to nothing live and asks for no labels", async () => {
  const opened = vi.fn();
  vi.stubGlobal("WebSocket", opened);
  const central = open("/", as({ role: "technician" }));
  expect(await screen.findByRole("heading", { name: "Devices" })).toBeVisible();
  expect(opened).not.toHaveBeenCalled();
  expect(central.asked("GET /api/overview")).toHaveLength(0);
});

test.each(["/nothing", "/audit"])("%s looks to a teacher like a page that does not exist", async (path) => {
  open(path, as({ role: "teacher" }));
  expect(await screen.findByText("There is no such page")).toBeVisible();
});

test("when the session ends somewhere else the login comes back, and nothing of it stays in sight", async () => {
  let session: unknown = { ...SESSION };
  open("/", {
    "GET /api/session": () => session,
    "GET /api/groups": () => {
      session = NOBODY;
      return NOBODY;
    },
  });
  await userEvent.click(await screen.findByRole("link", { name: "Groups" }));
  expect(await screen.findByRole("button", { name: "Log in" })).toBeVisible();
  expect(screen.queryByText("Test School")).toBeNull();
});

test("logging out ends the session at central", async () => {
  const central = open("/", { ...as({}), "DELETE /api/session": undefined });
  await userEvent.click(await screen.findByRole("button", { name: "Log out" }));
  expect(await screen.findByRole("button", { name: "Log in" })).toBeVisible();
  expect(central.asked("DELETE /api/session")[0]?.headers.get("x-csrf-token")).toBe("csrf-1");
});

test("the theme can be chosen, and stays chosen", async () => {
  open("/", as({}));
  await userEvent.click(await screen.findByRole("button", { name: "Theme: system. Switch to light" }));
  expect(document.documentElement).toHaveAttribute("data-theme", "light");
  expect(localStorage.getItem("classpulse.theme")).toBe("light");
  await userEvent.click(screen.getByRole("button", { name: "Theme: light. Switch to dark" }));
  await userEvent.click(screen.getByRole("button", { name: "Theme: dark. Switch to system" }));
  expect(document.documentElement).not.toHaveAttribute("data-theme");
});

test("the first thing the keyboard reaches leads past the navigation", async () => {
  open("/", as({}));
  await screen.findByRole("heading", { name: "Overview" });
  await userEvent.tab();
  expect(screen.getByRole("link", { name: "Skip to content" })).toHaveFocus();
});

test("on another page its heading has the focus, and the window its name", async () => {
  open("/", { ...as({}), "GET /api/groups": [] });
  await userEvent.click(await screen.findByRole("link", { name: "Groups" }));
  expect(await screen.findByRole("heading", { name: "Groups" })).toHaveFocus();
  expect(document.title).toBe("Groups · ClassPulse");
});
