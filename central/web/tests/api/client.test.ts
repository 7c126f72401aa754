import { afterEach, expect, test, vi } from "vitest";
import { address, ApiError, Client, UnreachableError } from "../../src/api/client";
import { FakeCentral, Refusal } from "../central";

afterEach(() => {
  vi.unstubAllGlobals();
});

async function refusal(promise: Promise<unknown>): Promise<ApiError> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof ApiError)) throw new Error(`not refused: ${String(thrown)}`);
  return thrown;
}

test("a refusal says what central said", async () => {
  const errors = [{ where: "display_name", reason: "too long" }];
  new FakeCentral({
    "POST /api/students": new Refusal(422, "Shorten it.", { title: "Unprocessable", errors }),
  });
  const error = await refusal(new Client().request("POST", "/api/students", { body: {} }));
  expect([error.status, error.title, error.message, error.errors]).toEqual([
    422,
    "Unprocessable",
    "Shorten it.",
    errors,
  ]);
});

test("how long to wait is told where central says so", async () => {
  new FakeCentral({ "POST /api/session": new Refusal(429, "Wait.", {}, { "retry-after": "30" }) });
  expect((await refusal(new Client().request("POST", "/api/session"))).retryAfter).toBe(30);
});

test("an answer that is no problem+json is a refusal all the same", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("<h1>Bad Gateway</h1>", { status: 502 })));
  expect((await refusal(new Client().request("GET", "/api/overview"))).status).toBe(502);
});

test("no answer is told apart from a refusal", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(new Client().request("GET", "/api/overview")).rejects.toBeInstanceOf(UnreachableError);
});

test("only what changes something carries the CSRF token", async () => {
  const central = new FakeCentral({ "GET /api/overview": {}, "DELETE /api/session": undefined });
  const client = new Client();
  client.csrfToken = "csrf-1";
  await client.request("GET", "/api/overview");
  await client.request("DELETE", "/api/session");
  expect(central.requests.map(({ headers }) => headers.get("x-csrf-token"))).toEqual([null, "csrf-1"]);
});

test("a CSV file goes as it is", async () => {
  const central = new FakeCentral({ "POST /api/student-imports": { applied: false, rows: [], errors: [] } });
  await new Client().request("POST", "/api/student-imports", { body: "a,b\r\n", contentType: "text/csv" });
  const [request] = central.requests;
  expect([request?.body, request?.headers.get("content-type")]).toEqual(["a,b\r\n", "text/csv"]);
});

test("an ended session and a missing legal note are told at once, other refusals are not", async () => {
  new FakeCentral({
    "GET /ended": new Refusal(401, "Log in."),
    "GET /note": new Refusal(403, "Accept it.", { type: "/problems/legal-note" }),
    "GET /forbidden": new Refusal(403, "Not for you."),
  });
  const client = new Client();
  const told: number[] = [];
  client.onRefused = ({ status }) => told.push(status);
  for (const path of ["/ended", "/note", "/forbidden"]) await refusal(client.request("GET", path));
  expect(told).toEqual([401, 403]);
});

test("an address leaves out what is empty and escapes the rest", () => {
  expect(address("/api/students", { query: "a&b", group: "", after: null, limit: 5 })).toBe(
    "/api/students?query=a%26b&limit=5",
  );
  expect(address("/api/students", {})).toBe("/api/students");
});
