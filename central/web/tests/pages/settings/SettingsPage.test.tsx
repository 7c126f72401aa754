import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test } from "vitest";

import SettingsPage from "../../../src/pages/settings/SettingsPage";
import { Refusal, type Answers } from "../../central";
import { renderPage, SESSION, type Rendered } from "../../render";
import { account, settings } from "../data";

const LINK = { path: "/invitation#TOKEN", expires_at: "2026-11-25T10:00:00Z" };
const ANSWERS: Answers = {
  "GET /api/settings": settings(),
  "GET /api/accounts": [account(), account({ account: "a.smith", role: "admin", groups: [] })],
  "GET /api/groups": [{ group: "7b", students: 12, present: null, mix: null }],
};

function show(answers: Answers = {}, session = {}): Promise<Rendered> {
  return renderPage(<SettingsPage />, { answers: { ...ANSWERS, ...answers }, session });
}

afterEach(() => {
  delete document.documentElement.dataset.theme;
  localStorage.clear();
});

test("what is set in the config is shown with its key, and cannot be changed here", async () => {
  await show({}, { role: "teacher" });
  const school = within(await screen.findByRole("region", { name: "School" }));
  expect(school.getByText("[school] timezone")).toBeInTheDocument();
  expect(screen.getByText("3,650 days (about 10 years)")).toBeInTheDocument();
  expect(screen.getByText("version 1.4.0")).toBeInTheDocument();
  expect(screen.getByText("connected")).toBeInTheDocument();
});

test("only an admin sees the accounts", async () => {
  const { central } = await show({}, { role: "technician" });
  await screen.findByRole("region", { name: "School" });
  expect(screen.queryByRole("region", { name: "Accounts" })).not.toBeInTheDocument();
  expect(central.asked("GET /api/accounts")).toEqual([]);
});

test("a new teacher's one-time link is shown once, with the groups that were chosen", async () => {
  const user = userEvent.setup(); // it has a clipboard
  const { central } = await show({ "POST /api/accounts": LINK });
  await user.click(await screen.findByRole("button", { name: "New account" }));
  await user.type(screen.getByLabelText("Account name"), "c.day");
  await user.click(await screen.findByRole("checkbox", { name: "7b" }));
  await user.type(screen.getByLabelText("Further groups"), "8a, 8a");
  await user.click(screen.getByRole("button", { name: "Create" }));
  const dialog = within(await screen.findByRole("dialog", { name: "A link for c.day" }));
  expect(dialog.getByLabelText("One-time link")).toHaveValue(`${location.origin}/invitation#TOKEN`);
  expect(central.asked("POST /api/accounts")[0]?.body).toEqual({
    account: "c.day",
    role: "teacher",
    groups: ["7b", "8a"],
  });
  await user.click(dialog.getByRole("button", { name: "Copy" }));
  expect(await dialog.findByText("Copied.")).toBeInTheDocument();
  expect(await navigator.clipboard.readText()).toBe(`${location.origin}/invitation#TOKEN`);
  await user.click(dialog.getByRole("button", { name: "Done" }));
  expect(screen.queryByDisplayValue(/TOKEN/)).not.toBeInTheDocument();
});

test("while an account is being created its dialog stays open, so that the link is not lost", async () => {
  let answer: (link: typeof LINK) => void = () => undefined;
  const promised = new Promise((resolve) => {
    answer = resolve;
  });
  await show({ "POST /api/accounts": promised });
  await userEvent.click(await screen.findByRole("button", { name: "New account" }));
  await userEvent.type(screen.getByLabelText("Account name"), "c.day");
  await userEvent.click(screen.getByRole("button", { name: "Create" }));
  const dialog = screen.getByRole("dialog", { name: "New account" });
  expect(within(dialog).getByRole("button", { name: "Cancel" })).toBeDisabled();
  await userEvent.click(within(dialog).getByRole("button", { name: "Close" }));
  answer(LINK);
  expect(await screen.findByRole("dialog", { name: "A link for c.day" })).toBeInTheDocument();
});

test("a name that no account can have is named before it is sent", async () => {
  const { central } = await show();
  await userEvent.click(await screen.findByRole("button", { name: "New account" }));
  await userEvent.type(screen.getByLabelText("Account name"), "C Day");
  await userEvent.click(screen.getByRole("button", { name: "Create" }));
  expect(screen.getByLabelText("Account name")).toHaveAccessibleDescription(/Lower-case letters/);
  expect(central.asked("POST /api/accounts")).toEqual([]);
});

test("a teacher who becomes a technician loses the groups", async () => {
  const { central } = await show({
    "PATCH /api/accounts/b.jones": account({ role: "technician", groups: [] }),
  });
  await userEvent.click(await screen.findByRole("button", { name: "Edit b.jones" }));
  await userEvent.selectOptions(screen.getByLabelText("Role"), "technician");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => {
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });
  expect(central.asked("PATCH /api/accounts/b.jones")[0]?.body).toEqual({ role: "technician", groups: [] });
});

test("the last admin cannot be locked, and central's reason is told", async () => {
  const reason = "'a.smith' is the only admin who can log in; let another one in first";
  await show({ "PATCH /api/accounts/a.smith": new Refusal(409, reason) });
  await userEvent.click(await screen.findByRole("button", { name: "Lock a.smith" }));
  expect(await screen.findByText(reason)).toBeInTheDocument();
});

test("an account is removed after a question", async () => {
  const { central } = await show({ "DELETE /api/accounts/b.jones": undefined });
  await userEvent.click(await screen.findByRole("button", { name: "Remove b.jones" }));
  expect(central.asked("DELETE /api/accounts/b.jones")).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: "Remove" }));
  expect(await screen.findByText("b.jones is removed.")).toBeInTheDocument();
});

test("a forgotten password is replaced by a new link", async () => {
  await show({ "POST /api/accounts/b.jones/invitation": LINK });
  await userEvent.click(await screen.findByRole("button", { name: "New link b.jones" }));
  expect(await screen.findByRole("dialog", { name: "A link for b.jones" })).toBeInTheDocument();
});

test("the own password is changed only when the new one was typed twice the same", async () => {
  const { central } = await show({ "POST /api/session/password": { ...SESSION, csrf_token: "csrf-2" } });
  await userEvent.type(screen.getByLabelText("Current password"), "old horse battery");
  await userEvent.type(screen.getByLabelText("New password"), "new horse battery");
  await userEvent.type(screen.getByLabelText("The new one again"), "new horse");
  await userEvent.click(screen.getByRole("button", { name: "Change password" }));
  expect(screen.getByLabelText("The new one again")).toHaveAccessibleDescription("The two differ.");
  expect(central.asked("POST /api/session/password")).toEqual([]);
  await userEvent.type(screen.getByLabelText("The new one again"), " battery");
  await userEvent.click(screen.getByRole("button", { name: "Change password" }));
  expect(await screen.findByText(/The password is changed/)).toBeInTheDocument();
  expect(screen.getByLabelText("New password")).toHaveValue("");
});

test("a wrong current password is named beside its field", async () => {
  const wrong = new Refusal(422, "see errors", {
    errors: [{ where: "current", reason: "this is not your password" }],
  });
  await show({ "POST /api/session/password": wrong });
  await userEvent.type(screen.getByLabelText("Current password"), "old horse battery");
  await userEvent.type(screen.getByLabelText("New password"), "new horse battery");
  await userEvent.type(screen.getByLabelText("The new one again"), "new horse battery");
  await userEvent.click(screen.getByRole("button", { name: "Change password" }));
  await waitFor(() => {
    expect(screen.getByLabelText("Current password")).toHaveAccessibleDescription(
      "this is not your password",
    );
  });
});

test("the theme is kept for the next visit", async () => {
  await show();
  await userEvent.click(screen.getByRole("radio", { name: "Dark" }));
  expect(document.documentElement.dataset.theme).toBe("dark");
  expect(localStorage.getItem("classpulse.theme")).toBe("dark");
});
