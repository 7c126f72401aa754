import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor, type RenderResult } from "@testing-library/react";
import type { ReactElement, ReactNode } from "react";
import { MemoryRouter, Route, Routes } from "react-router";
import type { SessionView } from "../src/api/models";
import { SchoolProvider } from "../src/app/school";
import { SessionProvider, useSessionState } from "../src/app/session";
import { Toasts } from "../src/design/toasts";
import { LiveProvider } from "../src/live/live";
import { FakeCentral, type Answers } from "./central";
import { FakeLive } from "./socket";

export const SESSION: SessionView = {
  account: "a.smith",
  role: "admin",
  groups: [],
  csrf_token: "csrf-1",
  legal_note_accepted: true,
  expires_at: "2026-11-23T20:00:00Z",
  school: { name: "Test School", timezone: "Europe/Berlin", smallest_group: 5, present_seconds: 60 },
};

interface Setting {
  /** Where one is; with its query. */
  path?: string;
  /** The route, if the page takes parameters: `/students/:studentId`. */
  route?: string;
  session?: Partial<SessionView>;
  answers?: Answers;
}

export interface Rendered extends RenderResult {
  central: FakeCentral;
  live: FakeLive;
}

/** Everything around a page but the shell. */
export function surroundings(children: ReactNode, path: string): ReactElement {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return (
    <QueryClientProvider client={queries}>
      <MemoryRouter initialEntries={[path]}>
        <SessionProvider>
          <Toasts>{children}</Toasts>
        </SessionProvider>
      </MemoryRouter>
    </QueryClientProvider>
  );
}

/** A page, with somebody logged in; resolves once it is there. */
export async function renderPage(page: ReactElement, setting: Setting = {}): Promise<Rendered> {
  const { path = "/", route = "*", session = {}, answers = {} } = setting;
  const central = new FakeCentral({ "GET /api/session": { ...SESSION, ...session }, ...answers });
  const live = new FakeLive();
  const routes = (
    <Routes>
      <Route path={route} element={page} />
      <Route path="*" element={<p>elsewhere</p>} />
    </Routes>
  );
  const rendered = render(surroundings(<Inside live={live}>{routes}</Inside>, path));
  await waitFor(() => {
    screen.getByTestId("inside");
  });
  return { ...rendered, central, live };
}

function Inside({ live, children }: { live: FakeLive; children: ReactNode }): ReactNode {
  const { session } = useSessionState();
  if (session == null) return null;
  return (
    <SchoolProvider school={session.school}>
      <LiveProvider enabled connection={live.connection}>
        <div data-testid="inside">{children}</div>
      </LiveProvider>
    </SchoolProvider>
  );
}
