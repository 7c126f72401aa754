import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { NO_SHARES } from "../../src/labels/labels";
import GroupPage from "../../src/pages/groups/GroupPage";
import GroupsPage from "../../src/pages/groups/GroupsPage";
import { timeline } from "../charts/timelines";
import { renderPage } from "../render";

const GROUPS = [
  { group: "7b", students: 24, present: 20, mix: { ...NO_SHARES, happy: 20 } },
  { group: "art/music", students: 4, present: null, mix: null },
];
const ANSWERS = {
  "GET /api/groups": GROUPS,
  "GET /api/school/timeline": timeline("hour", []),
  "GET /api/groups/art%2Fmusic/timeline": timeline("hour", []),
};

test("a group too small to hide anybody in shows no figures", async () => {
  await renderPage(<GroupsPage />, { answers: ANSWERS });
  const row = await screen.findByRole("row", { name: /art\/music/ });
  expect(row).toHaveTextContent("too few");
  expect(row).toHaveTextContent("not shown");
  expect(within(screen.getByRole("row", { name: /^7b/ })).getByRole("img")).toHaveAccessibleName(
    "20 students: 20 happy",
  );
});

test("only an admin sees the whole school over time", async () => {
  const { central } = await renderPage(<GroupsPage />, { answers: ANSWERS, session: { role: "teacher" } });
  await screen.findByRole("row", { name: /^7b/ });
  expect(central.asked("GET /api/school/timeline")).toHaveLength(0);
});

test("a group's name may hold a slash", async () => {
  const { central } = await renderPage(<GroupPage />, {
    path: "/groups/art%2Fmusic",
    route: "/groups/:group",
    answers: ANSWERS,
  });
  expect(await screen.findByRole("heading", { name: "Group art/music" })).toBeVisible();
  expect(await screen.findByText("Too few are in view")).toBeVisible();
  expect(central.asked("GET /api/groups/art%2Fmusic/timeline")).not.toHaveLength(0);
});

test("a group that does not exist is not found", async () => {
  await renderPage(<GroupPage />, { path: "/groups/9z", route: "/groups/:group", answers: ANSWERS });
  expect(await screen.findByText("There is no such page")).toBeVisible();
});
