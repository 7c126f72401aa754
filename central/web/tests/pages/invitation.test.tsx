import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { App } from "../../src/app/App";
import { FakeCentral, Refusal } from "../central";
import { SESSION, surroundings } from "../render";
import { FakeSocket } from "../socket";

const INVITED = { account: "a.smith", role: "teacher" };

function open(answers = {}, path = "/invitation#token-1"): FakeCentral {
  vi.stubGlobal("WebSocket", FakeSocket);
  const central = new FakeCentral({
    "GET /api/session": new Refusal(401, "Log in."),
    "GET /api/invitation": INVITED,
    "POST /api/invitation": SESSION,
    "GET /api/overview": { at: "2026-11-23T09:00:00Z", classrooms: [] },
    ...answers,
  });
  render(surroundings(<App />, path));
  return central;
}

async function choose(password: string, again = password): Promise<void> {
  await userEvent.type(await screen.findByLabelText("Password"), password);
  await userEvent.type(screen.getByLabelText("The same again"), again);
  await userEvent.click(screen.getByRole("button", { name: "Choose this password" }));
}

test("whoever has the link chooses a password and is in", async () => {
  const central = open();
  await choose("correct horse battery");
  expect(await screen.findByRole("heading", { name: "Overview" })).toBeVisible();
  expect(central.asked("GET /api/invitation")[0]?.headers.get("x-invitation")).toBe("token-1");
  expect(central.asked("POST /api/invitation")[0]?.body).toEqual({
    token: "token-1",
    password: "correct horse battery",
  });
});

test("the token never stands in an address that a server could log", async () => {
  const central = open();
  await choose("correct horse battery");
  await screen.findByRole("heading", { name: "Overview" });
  expect(central.requests.filter(({ path }) => path.includes("token-1"))).toEqual([]);
});

test.each([
  ["short", "short", "at least 12 characters"],
  ["correct horse battery", "correct horse batterie", "The two differ"],
])("%s and %s are not sent", async (password, again, words) => {
  const central = open();
  await choose(password, again);
  expect(await screen.findByRole("alert")).toHaveTextContent(words);
  expect(central.asked("POST /api/invitation")).toHaveLength(0);
});

test("what central finds wrong with the password stands beside the field", async () => {
  const errors = [{ where: "password", reason: "one of the commonest passwords" }];
  open({ "POST /api/invitation": new Refusal(422, "Choose another.", { errors }) });
  await choose("passwordpassword");
  expect(await screen.findByLabelText("Password")).toHaveAccessibleDescription(/one of the commonest/);
});

test("a link that was used says so, and leads to the login", async () => {
  open({ "GET /api/invitation": new Refusal(404, "This invitation was used or has expired.") });
  expect(await screen.findByRole("alert")).toHaveTextContent("used or has expired");
  expect(screen.getByRole("link", { name: "To the login" })).toBeVisible();
});

test("a link without its token cannot be used", async () => {
  const central = open({}, "/invitation");
  expect(await screen.findByRole("alert")).toHaveTextContent("not complete");
  expect(central.asked("GET /api/invitation")).toHaveLength(0);
});

test("a link that could not be asked about is not called a bad one, and can be tried again", async () => {
  const central = open({ "GET /api/invitation": new Refusal(503, "The database is busy.") });
  expect(await screen.findByRole("alert")).toHaveTextContent("The database is busy.");
  expect(screen.queryByText("This invitation cannot be used")).toBeNull();
  central.answers["GET /api/invitation"] = INVITED;
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByLabelText("Password")).toBeVisible();
});
