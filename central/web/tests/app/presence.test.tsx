import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ReactElement } from "react";
import { client } from "../../src/api/client";
import { useApi } from "../../src/api/hooks";
import { SessionProvider } from "../../src/app/session";
import { FakeCentral, Refusal } from "../central";

let central: FakeCentral;

beforeEach(() => {
  vi.useFakeTimers();
  central = new FakeCentral({
    "GET /api/overview": "seen",
    "GET /api/session": new Refusal(401, "Log in."),
  });
  window.dispatchEvent(new Event("keydown"));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function marks(): (string | null)[] {
  return central.asked("GET /api/overview").map(({ headers }) => headers.get("x-background"));
}

function Polling(): ReactElement {
  return <p>{useApi<string>("/api/overview", { everySeconds: 45 }).data}</p>;
}

async function open(): Promise<void> {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <SessionProvider>
        <Polling />
      </SessionProvider>
    </QueryClientProvider>,
  );
  await pass(0);
  expect(screen.getByText("seen")).toBeVisible();
}

async function pass(seconds: number): Promise<void> {
  await act(() => vi.advanceTimersByTimeAsync(seconds * 1000));
}

test("what a page asks while nobody touches it is said to be in the background", async () => {
  await open();
  await pass(140);
  expect(marks()).toEqual([null, null, "1", "1"]);
});

test.each(["pointerdown", "keydown", "wheel", "touchmove"])(
  "%s shows that somebody is there",
  async (sign) => {
    await open();
    vi.setSystemTime(Date.now() + 3_600_000);
    await client.request("GET", "/api/overview");
    document.body.dispatchEvent(new Event(sign));
    await client.request("GET", "/api/overview");
    expect(marks()).toEqual([null, "1", null]);
  },
);

test("a page that is not in front asks nothing, and whoever brings it there is there", async () => {
  await open();
  const visibility = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  await pass(3_600);
  expect(marks()).toEqual([null]);
  visibility.mockReturnValue("visible");
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  await pass(0);
  expect(marks()).toEqual([null, null]);
});
