import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactElement } from "react";
import { expect, test } from "vitest";
import { useApi } from "../../src/api/hooks";
import { useSessionState } from "../../src/app/session";
import { FakeCentral, Refusal } from "../central";
import { SESSION, surroundings } from "../render";

const OTHER = { ...SESSION, account: "b.jones", csrf_token: "csrf-2" };

function Probe(): ReactElement | null {
  const { session, begin, retry } = useSessionState();
  if (session == null) return null;
  return (
    <>
      <p>{session.account}</p>
      <Names key={session.account} />
      <button
        onClick={() => {
          begin(OTHER);
        }}
      >
        begin
      </button>
      <button onClick={retry}>ask again</button>
    </>
  );
}

function Names(): ReactElement {
  const { data } = useApi<string[]>("/api/names");
  return <p>{data}</p>;
}

test.each(["begin", "ask again"])(
  "what one account was answered is not shown to the next (%s)",
  async (how) => {
    const central = new FakeCentral({ "GET /api/session": SESSION, "GET /api/names": ["Ada Lovelace"] });
    render(surroundings(<Probe />, "/"));
    expect(await screen.findByText("Ada Lovelace")).toBeVisible();
    central.answers["GET /api/session"] = OTHER;
    central.answers["GET /api/names"] = new Refusal(403, "Not for you.");
    await userEvent.click(screen.getByRole("button", { name: how }));
    expect(await screen.findByText("b.jones")).toBeVisible();
    expect(screen.queryByText("Ada Lovelace")).toBeNull();
  },
);

test("the same account keeps what it was answered", async () => {
  const central = new FakeCentral({ "GET /api/session": SESSION, "GET /api/names": ["Ada Lovelace"] });
  render(surroundings(<Probe />, "/"));
  expect(await screen.findByText("Ada Lovelace")).toBeVisible();
  central.answers["GET /api/names"] = new Refusal(503, "The database is busy.");
  await userEvent.click(screen.getByRole("button", { name: "ask again" }));
  expect(screen.getByText("Ada Lovelace")).toBeVisible();
});
