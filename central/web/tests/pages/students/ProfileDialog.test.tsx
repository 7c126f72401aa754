import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import { ProfileDialog } from "../../../src/pages/students/ProfileDialog";
import { Refusal } from "../../central";
import { renderPage } from "../../render";
import { student } from "../data";

const GROUPS = { "GET /api/groups": [] };

test("mistakes are named beside their fields, the first one takes the focus, and nothing is sent", async () => {
  const { central } = await renderPage(<ProfileDialog student={null} onClose={() => undefined} />, {
    answers: GROUPS,
  });
  await userEvent.type(screen.getByLabelText("Name"), "Ada");
  await userEvent.click(screen.getByRole("button", { name: "Create" }));
  const id = screen.getByLabelText("Student ID");
  expect(id).toHaveFocus();
  expect(id).toBeInvalid();
  expect(id).toHaveAccessibleDescription(/Write the ID that the devices send/);
  expect(screen.getByLabelText("Name")).toBeValid();
  expect(central.asked("POST /api/students")).toEqual([]);
});

test("what central finds wrong stands beside the field too", async () => {
  const taken = new Refusal(409, "There is a profile with this ID already.", {
    errors: [{ where: "student_id", reason: "is taken" }],
  });
  await renderPage(<ProfileDialog student={null} studentId="s-042" onClose={() => undefined} />, {
    answers: { ...GROUPS, "POST /api/students": taken },
  });
  await userEvent.type(screen.getByLabelText("Name"), "Ada");
  await userEvent.type(screen.getByLabelText("Consent reference"), "file 1");
  await userEvent.click(screen.getByRole("button", { name: "Create" }));
  expect(await screen.findByText("There is a profile with this ID already.")).toBeInTheDocument();
  expect(screen.getByLabelText("Student ID")).toHaveAccessibleDescription(/is taken/);
});

test("an edit sends only what was changed, and closes", async () => {
  const close = vi.fn();
  const { central } = await renderPage(<ProfileDialog student={student()} onClose={close} />, {
    answers: { ...GROUPS, "PATCH /api/students/s-042": student({ group: null }) },
  });
  expect(screen.queryByLabelText("Student ID")).not.toBeInTheDocument();
  await userEvent.clear(screen.getByLabelText("Group"));
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await vi.waitFor(() => {
    expect(close).toHaveBeenCalledOnce();
  });
  expect(central.asked("PATCH /api/students/s-042")[0]?.body).toEqual({ group: null });
});

test("Escape closes without saving", async () => {
  const close = vi.fn();
  const { central } = await renderPage(<ProfileDialog student={student()} onClose={close} />, {
    answers: GROUPS,
  });
  screen.getByRole("dialog").dispatchEvent(new Event("cancel", { cancelable: true }));
  expect(close).toHaveBeenCalledOnce();
  expect(central.asked("PATCH /api/students/s-042")).toEqual([]);
});
