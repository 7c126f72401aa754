import type { FieldProblem, Problem } from "./models";

export type Query = Record<string, string | number | boolean | null | undefined>;
export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** Refused until the account has accepted the legal note. */
export const LEGAL_NOTE = "/problems/legal-note";

/** What central answered instead of what was asked for; by its `problem+json`, if it sent one. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly errors: readonly FieldProblem[];
  /** Seconds to wait before the next try; null: it did not say. */
  readonly retryAfter: number | null;

  constructor(problem: Problem, retryAfter: number | null = null) {
    super(problem.detail);
    this.status = problem.status;
    this.type = problem.type;
    this.title = problem.title;
    this.errors = problem.errors;
    this.retryAfter = retryAfter;
  }
}

/** Nothing came back at all. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";

  constructor() {
    super("Central does not answer. Check the network; what is shown may be out of date.");
  }
}

export interface Options {
  query?: Query | undefined;
  /** Becomes JSON; a string goes as it is, with `contentType`. */
  body?: unknown;
  contentType?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** `/api/students?group=7b` of a path and what is asked; empty values are left out. */
export function address(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === null || value === undefined || value === "" ? [] : [[key, String(value)]],
  );
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs).toString()}`;
}

/** Talks to central with the session's cookie; knows the session's CSRF token once there is one. */
export class Client {
  csrfToken: string | null = null;
  /** Called when the session turns out to have ended, or the legal note to be missing. */
  onRefused: (error: ApiError) => void = () => undefined;
  /** Without anybody before the page, what it asks does not prolong the session. */
  isSomebodyThere: () => boolean = () => true;

  /** What central answers; undefined where it answers nothing (204). Throws ApiError or UnreachableError. */
  async request<Answer>(method: Method, path: string, options: Options = {}): Promise<Answer> {
    const response = await this.#fetch(method, path, options);
    if (!response.ok) throw this.#refused(await problemOf(response), response);
    return (response.status === 204 ? undefined : await response.json()) as Answer;
  }

  async #fetch(method: Method, path: string, options: Options): Promise<Response> {
    const headers: Record<string, string> = { accept: "application/json", ...options.headers };
    let body: string | null = null;
    if (options.body !== undefined) {
      headers["content-type"] = options.contentType ?? "application/json";
      body = typeof options.body === "string" ? options.body : JSON.stringify(options.body);
    }
    if (method !== "GET" && this.csrfToken !== null) headers["x-csrf-token"] = this.csrfToken;
    if (!this.isSomebodyThere()) headers["x-background"] = "1";
    try {
      return await fetch(address(path, options.query), {
        method,
        headers,
        body,
        credentials: "same-origin",
        cache: "no-store",
        signal: options.signal ?? null,
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new UnreachableError();
    }
  }

  #refused(problem: Problem, response: Response): ApiError {
    const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
    const error = new ApiError(problem, Number.isFinite(seconds) ? seconds : null);
    if (error.status === 401 || error.type === LEGAL_NOTE) this.onRefused(error);
    return error;
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const { status } = response;
  const fallback: Problem = {
    type: "about:blank",
    title: response.statusText || `Status ${status}`,
    status,
    detail: `Central answered with status ${status} and no explanation; its log may say more.`,
    errors: [],
  };
  if (!(response.headers.get("content-type") ?? "").includes("json")) return fallback;
  try {
    return { ...fallback, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}

export const client = new Client();
