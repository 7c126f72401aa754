import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import AuditPage from "../../../src/pages/audit/AuditPage";
import { Refusal } from "../../central";
import { renderPage } from "../../render";
import { auditEntry, page } from "../data";

const ENTRIES = page([
  auditEntry(),
  auditEntry({ number: 6, action: "login", subject: "", detail: "from 192.0.2.7" }),
]);

test("entries are shown in the school's time, and that they cannot be changed", async () => {
  await renderPage(<AuditPage />, { answers: { "GET /api/audit": ENTRIES } });
  const row = await screen.findByRole("row", { name: /20 Nov 2026, 11:15.*s-042/ });
  expect(row).toHaveTextContent("b.jonesstudent.views-042");
  expect(screen.getByText(/Entries are only ever added/)).toHaveTextContent(
    "classpulse-central audit verify",
  );
});

test("a filter is asked of central and goes into the CSV file's address", async () => {
  const { central } = await renderPage(<AuditPage />, { answers: { "GET /api/audit": ENTRIES } });
  await userEvent.type(await screen.findByLabelText("Account"), "b.jones");
  await userEvent.type(screen.getByLabelText("About"), "s-042{Enter}");
  await waitFor(() => {
    expect(central.requests.at(-1)?.path).toBe("/api/audit?account=b.jones&subject=s-042");
  });
  expect(screen.getByRole("link", { name: "CSV" })).toHaveAttribute(
    "href",
    "/api/audit.csv?account=b.jones&subject=s-042",
  );
  await userEvent.click(screen.getByRole("button", { name: "Show all" }));
  await waitFor(() => {
    expect(screen.getByLabelText("Account")).toHaveValue("");
  });
  expect(screen.getByLabelText("Account")).toHaveFocus();
});

test("a value in the table becomes the filter at a press", async () => {
  const { central } = await renderPage(<AuditPage />, { answers: { "GET /api/audit": ENTRIES } });
  await userEvent.click(await screen.findByRole("button", { name: "student.view" }));
  await waitFor(() => {
    expect(central.requests.at(-1)?.path).toBe("/api/audit?action=student.view");
  });
});

test("older entries follow", async () => {
  await renderPage(<AuditPage />, {
    answers: {
      "GET /api/audit?after=6": page([auditEntry({ number: 5, subject: "s-001" })], { total: 3 }),
      "GET /api/audit": { ...ENTRIES, total: 3, next: "6" },
    },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Show more" }));
  expect(await screen.findByText("3 of 3 entries")).toBeInTheDocument();
  expect(within(screen.getByRole("table")).getByText("s-001")).toBeInTheDocument();
});

test("no entry that fits, and a log that cannot be read, look different", async () => {
  const { unmount } = await renderPage(<AuditPage />, { answers: { "GET /api/audit": page([]) } });
  expect(await screen.findByText("No matching entries")).toBeInTheDocument();
  unmount();
  await renderPage(<AuditPage />, {
    answers: { "GET /api/audit": new Refusal(503, "The database is busy.") },
  });
  expect(await screen.findByRole("alert")).toHaveTextContent("The database is busy.");
});
