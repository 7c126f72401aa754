import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import { EraseDialog } from "../../../src/pages/students/EraseDialog";
import { Refusal } from "../../central";
import { renderPage } from "../../render";
import { receipt } from "../data";

async function open(answer: unknown) {
  const close = vi.fn<(erased: boolean) => void>();
  const { central } = await renderPage(<EraseDialog studentId="s-042" name="Ada" onClose={close} />, {
    answers: { "DELETE /api/students/s-042": answer },
  });
  return { central, close };
}

test("nothing is erased until the ID was typed", async () => {
  const { central, close } = await open(receipt());
  const erase = screen.getByRole("button", { name: "Erase for ever" });
  expect(erase).toBeDisabled();
  await userEvent.type(screen.getByLabelText("Type s-042 to confirm"), "s-04{Enter}");
  expect(erase).toBeDisabled();
  expect(central.asked("DELETE /api/students/s-042")).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
  expect(close).toHaveBeenCalledWith(false);
});

test("the receipt says what was erased and what is left to do, and can be saved", async () => {
  const { central, close } = await open(receipt());
  const texts: Blob[] = [];
  vi.stubGlobal(
    "URL",
    Object.assign(URL, { createObjectURL: (blob: Blob) => texts.push(blob), revokeObjectURL: vi.fn() }),
  );
  await userEvent.type(screen.getByLabelText("Type s-042 to confirm"), "s-042{Enter}");
  const dialog = await screen.findByRole("dialog", { name: "s-042 is erased" });
  expect(central.asked("DELETE /api/students/s-042")[0]?.body).toEqual({ confirm: "s-042" });
  expect(dialog).toHaveTextContent("E-2026-0007");
  expect(dialog).toHaveTextContent("Observations erased12,345");
  expect(dialog).toHaveTextContent("Run classpulse-edge forget s-042 in room-101.");
  await userEvent.click(screen.getByRole("button", { name: "Save as text" }));
  expect(new TextDecoder().decode(await texts[0]?.arrayBuffer())).toContain(
    "Receipt E-2026-0007: erasure of student s-042",
  );
  await userEvent.click(screen.getByRole("button", { name: "Done" }));
  expect(close).toHaveBeenCalledWith(true);
});

test("an erasure that fails says why, and can be tried again", async () => {
  await open(new Refusal(503, "The database is busy."));
  await userEvent.type(screen.getByLabelText("Type s-042 to confirm"), "s-042{Enter}");
  expect(await screen.findByText("The database is busy.")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Erase for ever" })).toBeEnabled();
});
