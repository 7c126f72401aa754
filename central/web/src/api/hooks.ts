import {
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import { ApiError, client, type Method, type Options, type Query } from "./client";

export interface ApiOptions {
  query?: Query;
  /** Ask again after so many seconds; left out: only when the page is opened or comes to the front. */
  everySeconds?: number;
  enabled?: boolean;
  /** While another query of the same path loads, go on showing the last answer: for ranges and filters. */
  keepPrevious?: boolean;
}

/** What `GET path` answers, cached by path and query. A page shows it by `<Loaded>`. */
export function useApi<Answer>(path: string, options: ApiOptions = {}): UseQueryResult<Answer> {
  const { query, everySeconds, enabled = true, keepPrevious = false } = options;
  return useQuery<Answer>({
    queryKey: [path, query ?? {}],
    queryFn: ({ signal }) => client.request<Answer>("GET", path, { query, signal }),
    enabled,
    ...(everySeconds === undefined ? {} : { refetchInterval: everySeconds * 1000 }),
    ...(keepPrevious ? { placeholderData: keepPreviousData } : {}),
  });
}

export interface Change extends Options {
  method: Exclude<Method, "GET">;
  path: string;
}

/** Changes something: `save.mutate({ method: "PATCH", path, body })`, then whatever lies below the `stale` paths is asked for again. */
export function useSave<Answer = void>(
  stale: readonly string[] = [],
): UseMutationResult<Answer, Error, Change> {
  const refresh = useRefresh();
  return useMutation<Answer, Error, Change>({
    mutationFn: ({ method, path, ...options }) => client.request<Answer>(method, path, options),
    onSuccess: () => refresh(stale),
  });
}

/** Asks again for whatever lies below the paths: for changes that shall show later than when they were made. */
export function useRefresh(): (stale: readonly string[]) => Promise<void> {
  const queries = useQueryClient();
  return (stale) =>
    queries.invalidateQueries({
      predicate: ({ queryKey: [path] }) => stale.some((prefix) => String(path).startsWith(prefix)),
    });
}

/** The mistake that central found in one field of what was sent. */
export function fieldError(error: Error | null, where: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  return error.errors.find((one) => one.where === where || one.where.endsWith(`.${where}`))?.reason;
}
