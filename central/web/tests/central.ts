/** Stands in for central: answers what a test lays down, and notes what it is asked. */
import { vi } from "vitest";
import type { Problem } from "../src/api/models";

export interface Request {
  method: string;
  /** With its query. */
  path: string;
  body: unknown;
  headers: Headers;
}

/** By "METHOD /path": with a query it must be the same, without any query matches. A function is called each time, and may
promise its answer. */
export type Answers = Record<string, unknown>;

export class Refusal {
  readonly problem: Problem;
  readonly headers: Record<string, string>;

  constructor(status: number, detail: string, more: Partial<Problem> = {}, headers = {}) {
    this.problem = { type: "about:blank", title: `Status ${status}`, status, detail, errors: [], ...more };
    this.headers = headers;
  }
}

export class FakeCentral {
  readonly requests: Request[] = [];
  readonly answers: Answers;

  constructor(answers: Answers = {}) {
    this.answers = answers;
    vi.stubGlobal("fetch", this.#fetch);
  }

  /** The requests of one kind: `asked("DELETE /api/students/s-1")`. */
  asked(what: string): Request[] {
    return this.requests.filter(({ method, path }) => matches(what, method, path));
  }

  readonly #fetch = (path: string, init: RequestInit): Promise<Response> => {
    const method = init.method ?? "GET";
    const request = { method, path, body: content(init.body), headers: new Headers(init.headers) };
    this.requests.push(request);
    const what = Object.keys(this.answers).find((one) => matches(one, method, path));
    const laid: unknown =
      what === undefined ? new Refusal(404, `No answer for ${method} ${path}`) : this.answers[what];
    const answer: unknown =
      typeof laid === "function" ? (laid as (request: Request) => unknown)(request) : laid;
    return Promise.resolve(answer).then(response);
  };
}

function matches(what: string, method: string, path: string): boolean {
  const [wantedMethod, wanted = ""] = what.split(" ");
  return method === wantedMethod && (wanted === path || wanted === path.split("?")[0]);
}

function content(body: BodyInit | null | undefined): unknown {
  if (typeof body !== "string") return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

function response(answer: unknown): Response {
  if (answer === undefined) return new Response(null, { status: 204 });
  if (!(answer instanceof Refusal)) return Response.json(answer);
  const headers = { "content-type": "application/problem+json", ...answer.headers };
  return new Response(JSON.stringify(answer.problem), { status: answer.problem.status, headers });
}
