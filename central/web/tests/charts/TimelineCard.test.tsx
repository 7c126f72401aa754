import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { TimelineCard } from "../../src/charts/TimelineCard";
import type { Request } from "../central";
import { renderPage } from "../render";
import { bucket, timeline } from "./timelines";

const PATH = "/api/classrooms/room-101/timeline";
const BUCKETS = [
  bucket("2026-11-23T08:00:00Z", { happy: 3, tired: 1 }),
  bucket("2026-11-23T09:00:00Z", { neutral: 2, sad: 2 }),
];
const CARD = <TimelineCard title="Over time" subject="room-101" path={PATH} csv={`${PATH}.csv`} />;

function card(answer = timeline("hour", BUCKETS), path = "/") {
  return renderPage(CARD, { path, answers: { [`GET ${PATH}`]: answer } });
}

test("the arrow keys read out one point in time after the other", async () => {
  await card();
  const chart = await screen.findByRole("slider", { name: "Expressions of room-101 over time" });
  chart.focus();
  await userEvent.keyboard("{Home}");
  expect(chart).toHaveAttribute(
    "aria-valuetext",
    expect.stringMatching(/^Mon 09:00: happy 75%.*3 happy, 1 tired$/),
  );
  await userEvent.keyboard("{ArrowRight}");
  expect(chart).toHaveAttribute("aria-valuetext", expect.stringContaining("2 neutral, 2 sad"));
  await userEvent.keyboard("{Escape}");
  expect(chart).toHaveAttribute("aria-valuetext", expect.stringContaining("2 points in time"));
});

test("up and down go the way a slider goes, and the pointer leaves the keyboard's choice alone", async () => {
  await card();
  const chart = await screen.findByRole("slider");
  chart.focus();
  await userEvent.keyboard("{Home}{ArrowUp}");
  expect(chart).toHaveAttribute("aria-valuenow", "1");
  await userEvent.unhover(chart);
  expect(chart).toHaveAttribute("aria-valuetext", expect.stringContaining("2 neutral, 2 sad"));
  await userEvent.keyboard("{ArrowDown}");
  expect(chart).toHaveAttribute("aria-valuenow", "0");
});

test("a day whose minutes were deleted is shown by its hours, and exported so", async () => {
  const query = "?range=custom&from=2026-10-05&to=2026-10-05";
  const minutes = timeline("minute", [], { kept_since: "2026-11-23T09:00:00Z" });
  const { central } = await renderPage(CARD, {
    path: `/${query}`,
    answers: {
      [`GET ${PATH}`]: ({ path }: Request) =>
        path.includes("resolution=minute") ? minutes : timeline("hour", BUCKETS),
    },
  });
  const chart = await screen.findByRole("slider");
  expect(chart).toHaveAttribute("aria-valuetext", expect.stringContaining("2 points in time"));
  expect(central.asked(`GET ${PATH}`)).toHaveLength(2);
  expect(screen.getByRole("link", { name: "CSV" })).not.toHaveAttribute(
    "href",
    expect.stringContaining("resolution"),
  );
});

test("the same figures are there as a table", async () => {
  await card();
  await userEvent.click(await screen.findByRole("radio", { name: "Table" }));
  const rows = within(screen.getByRole("table")).getAllByRole("row");
  expect(rows.map((row) => row.textContent)).toEqual([
    "FromhappyneutraltiredsadangryStudentsIn view",
    "23 Nov 2026, 10:00020203",
    "23 Nov 2026, 09:00301003",
  ]);
});

test("another range is asked for, kept in the address, and exported", async () => {
  const { central } = await card(timeline("hour", BUCKETS), "/?range=custom&from=2026-11-02&to=2026-11-06");
  await screen.findByRole("slider");
  const asked = new URL(central.asked(`GET ${PATH}`)[0]?.path ?? "", "http://central");
  expect(asked.searchParams.get("start")).toBe("2026-11-01T23:00:00.000Z");
  expect(asked.searchParams.get("end")).toBe("2026-11-06T23:00:00.000Z");
  expect(screen.getByRole("link", { name: "CSV" })).toHaveAttribute(
    "href",
    expect.stringContaining(".csv?start=2026-11-01T23%3A00%3A00.000Z"),
  );
  await userEvent.selectOptions(screen.getByLabelText("Range"), "hour");
  const last = new URL(central.requests.at(-1)?.path ?? "", "http://central").searchParams;
  expect(last.get("resolution")).toBe("minute");
});

test("a time in which nothing was observed says so", async () => {
  await card(timeline("hour", []));
  expect(await screen.findByText("Nothing was observed in this time")).toBeVisible();
});

test("it says when times of too few students are left out, and from when on there are figures", async () => {
  await card(timeline("hour", BUCKETS, { hidden: true, kept_since: "2026-11-23T08:30:00Z" }));
  expect(await screen.findByText(/fewer than 5 students are left out/)).toBeVisible();
  expect(screen.getByText(/older than 23 Nov 2026, 09:30 was deleted/)).toBeVisible();
});
