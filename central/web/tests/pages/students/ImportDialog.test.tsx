import { fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import { ImportDialog } from "../../../src/pages/students/ImportDialog";
import { renderPage } from "../../render";

const TEXT = "student_id,display_name,consent_reference\ns-001,Ada,file 1\n";
const ROWS = [{ line: 2, student_id: "s-001", action: "add" }];
const PREVIEW = { applied: false, rows: ROWS, errors: [] };

function csv(content: string | Uint8Array<ArrayBuffer> = TEXT): File {
  return new File([content], "class.csv", { type: "text/csv" });
}

async function open(answers = {}) {
  return renderPage(<ImportDialog onClose={() => undefined} />, {
    answers: {
      "POST /api/student-imports?apply=false": PREVIEW,
      "POST /api/student-imports?apply=true": { ...PREVIEW, applied: true },
      ...answers,
    },
  });
}

test("a file is previewed first, and imported when asked to", async () => {
  const { central } = await open();
  expect(screen.getByRole("button", { name: "Import" })).toBeDisabled();
  await userEvent.upload(screen.getByLabelText("CSV file"), csv());
  expect(await screen.findByText(/would add 1 profile and change 0 profiles/)).toBeInTheDocument();
  expect(screen.getByRole("row", { name: /s-001/ })).toHaveTextContent("new");
  expect(central.asked("POST /api/student-imports?apply=true")).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: "Import 1" }));
  expect(await screen.findByText(/^Imported: 1 profile added/)).toBeInTheDocument();
  const [request] = central.asked("POST /api/student-imports?apply=true");
  expect(request?.body).toBe(TEXT);
  expect(request?.headers.get("content-type")).toBe("text/csv");
  expect(screen.getByRole("button", { name: "Done" })).toBeInTheDocument();
});

test("a mistake is shown with its line, and nothing can be imported", async () => {
  await open({
    "POST /api/student-imports?apply=false": {
      applied: false,
      rows: ROWS,
      errors: [{ where: "line 3", reason: "display_name is empty" }],
    },
  });
  await userEvent.upload(screen.getByLabelText("CSV file"), csv());
  expect(await screen.findByRole("row", { name: /line 3/ })).toHaveTextContent("display_name is empty");
  expect(screen.getByRole("button", { name: "Import" })).toBeDisabled();
});

test("a file may be dropped, too", async () => {
  await open();
  const zone = screen.getByText("or drop it here").parentElement;
  if (zone === null) throw new Error("there is no zone to drop on");
  fireEvent.drop(zone, { dataTransfer: { files: [csv()] } });
  expect(await screen.findByText("class.csv")).toBeInTheDocument();
  expect(await screen.findByText(/would add 1 profile/)).toBeInTheDocument();
});

test("a file that is not UTF-8 is not sent, and it is said how to save it", async () => {
  const { central } = await open();
  await userEvent.upload(screen.getByLabelText("CSV file"), csv(Uint8Array.of(0x4a, 0xfc, 0x72)));
  expect(await screen.findByText(/not UTF-8 text/)).toBeInTheDocument();
  expect(central.asked("POST /api/student-imports")).toEqual([]);
});

test("after a file that cannot be read nothing of the one before it can be imported", async () => {
  await open();
  await userEvent.upload(screen.getByLabelText("CSV file"), csv());
  expect(await screen.findByRole("button", { name: "Import 1" })).toBeEnabled();
  await userEvent.upload(screen.getByLabelText("CSV file"), csv(Uint8Array.of(0x4a, 0xfc, 0x72)));
  expect(await screen.findByText(/not UTF-8 text/)).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Import" })).toBeDisabled();
  expect(screen.queryByText(/would add/)).not.toBeInTheDocument();
});
