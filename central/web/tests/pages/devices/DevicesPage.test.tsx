import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import DevicesPage from "../../../src/pages/devices/DevicesPage";
import { renderPage, type Rendered } from "../../render";
import { device } from "../data";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-20T10:15:00Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function show(devices: unknown, path = "/devices"): Promise<Rendered> {
  const session = { role: "technician" as const };
  return renderPage(<DevicesPage />, { path, session, answers: { "GET /api/devices": devices } });
}

test("a device that needs attention comes first, with the worst of its complaints", async () => {
  await show([
    device(),
    device({ classroom: "room-102", complaints: ["too hot (83 °C)", "the supply voltage is too low"] }),
  ]);
  const rows = within(await screen.findByRole("table"))
    .getAllByRole("row")
    .slice(1);
  expect(rows[0]).toHaveTextContent("room-102");
  expect(rows[0]).toHaveTextContent("too hot (83 °C) and 1 more");
  expect(rows[1]).toHaveTextContent("room-101");
});

test("figures carry their units", async () => {
  await show([device({ rejected: { future: 2, payload: 1 }, missing: 1200 })]);
  const row = await screen.findByRole("row", { name: /room-101/ });
  for (const text of ["61 °C", "3 for 12 s", "1,200 3 rejected", "Mon 1 Nov 2027"]) {
    expect(row).toHaveTextContent(text);
  }
});

test("figures of a device that is online and silent are marked as old", async () => {
  await show([device({ health_at: "2026-11-20T10:03:00Z" })]);
  expect(await screen.findByRole("row", { name: /room-101/ })).toHaveTextContent("figures 12 min old");
});

test("a certificate that expires within a month is marked", async () => {
  await show([device({ certificate_expires: "2026-11-19" })]);
  expect(await screen.findByText(/expired Thu 19 Nov 2026/)).toBeInTheDocument();
});

test("those that need attention can be shown alone", async () => {
  await show([device(), device({ classroom: "room-102", online: false, complaints: ["offline"] })]);
  await userEvent.click(await screen.findByRole("radio", { name: "Need attention" }));
  expect(screen.queryByRole("row", { name: /room-101/ })).not.toBeInTheDocument();
  expect(screen.getByRole("row", { name: /room-102/ })).toBeInTheDocument();
});

test("the details say all that the device said, and when", async () => {
  await show([device({ rejected: { future: 2 } })]);
  await userEvent.click(await screen.findByRole("button", { name: "room-101" }));
  const dialog = await screen.findByRole("dialog", { name: "room-101" });
  expect(dialog).toHaveTextContent("Running for1 d");
  expect(dialog).toHaveTextContent("2 dated after today");
  expect(dialog).toHaveTextContent("Reported 10 s ago");
  expect(within(dialog).getByText("0123456789ab")).toBeInTheDocument();
  dialog.dispatchEvent(new Event("cancel", { cancelable: true }));
  await waitFor(() => {
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });
});

test("an address leads to one device, whose last words are marked as such when it is offline", async () => {
  await show([device({ online: false })], "/devices?device=room-101");
  expect(await screen.findByRole("dialog")).toHaveTextContent("Reported before it went offline");
});

test("before any device was heard from, it is said when one will appear", async () => {
  await show([]);
  expect(await screen.findByText("No device has been heard from yet")).toBeInTheDocument();
});
