import { useQuery, useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  use,
  useCallback,
  useEffect,
  useMemo,
  type ReactElement,
  type ReactNode,
} from "react";
import { ApiError, client } from "../api/client";
import type { SessionView } from "../api/models";
import { isSomebodyThere } from "./presence";

const KEY = ["/api/session"] as const;

interface SessionState {
  /** undefined: not known yet; null: nobody is logged in. */
  session: SessionView | null | undefined;
  error: Error | null;
  retry: () => void;
  /** After a login, an invitation, a new password, the legal note. */
  begin: (session: SessionView) => void;
  logOut: () => Promise<void>;
}

const Context = createContext<SessionState | null>(null);

async function current(enter: (session: SessionView) => void): Promise<SessionView | null> {
  try {
    const session = await client.request<SessionView>("GET", "/api/session");
    enter(session);
    return session;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export function SessionProvider({ children }: { children: ReactNode }): ReactElement {
  const queries = useQueryClient();

  /** Nothing of one account may be seen by the next. */
  const forget = useCallback(() => {
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
  }, [queries]);
  /** Before the session is known to anybody: it may be another account's, begun in another tab. */
  const enter = useCallback(
    (session: SessionView) => {
      const before = queries.getQueryData<SessionView | null>(KEY);
      if (before != null && before.account !== session.account) forget();
      client.csrfToken = session.csrf_token;
    },
    [queries, forget],
  );
  const end = useCallback(() => {
    forget();
    queries.setQueryData(KEY, null);
    client.csrfToken = null;
  }, [queries, forget]);

  const { data, error, refetch } = useQuery({
    queryKey: KEY,
    queryFn: () => current(enter),
    staleTime: 60_000,
  });

  useEffect(() => {
    client.onRefused = (refusal) => {
      if (refusal.status !== 401) void queries.invalidateQueries({ queryKey: KEY });
      else if (queries.getQueryData(KEY) != null) end();
    };
    client.isSomebodyThere = isSomebodyThere;
    return () => {
      client.onRefused = () => undefined;
      client.isSomebodyThere = () => true;
    };
  }, [queries, end]);

  const value = useMemo<SessionState>(
    () => ({
      session: data,
      error: data === undefined ? error : null,
      retry: () => void refetch(),
      begin: (session) => {
        enter(session);
        queries.setQueryData(KEY, session);
      },
      logOut: async () => {
        await client.request("DELETE", "/api/session");
        end();
      },
    }),
    [data, error, refetch, queries, enter, end],
  );
  return <Context value={value}>{children}</Context>;
}

export function useSessionState(): SessionState {
  const state = use(Context);
  if (state === null) throw new Error("outside <SessionProvider>");
  return state;
}

/** Who is logged in; for pages, which are shown to nobody else. */
export function useSession(): SessionView {
  const { session } = useSessionState();
  if (session == null) throw new Error("nobody is logged in");
  return session;
}
