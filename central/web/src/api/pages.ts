import { useInfiniteQuery } from "@tanstack/react-query";
import { client, type Query } from "./client";
import type { Page } from "./models";

export interface Pages<Item> {
  data: { items: Item[]; total: number } | undefined;
  error: Error | null;
  refetch: () => unknown;
  /** Asks for the items that follow; null: there are none. */
  more: (() => void) | null;
  loadingMore: boolean;
}

/** A list of which central gives a part at once: what was got so far, and how to get more. */
export function usePages<Item>(path: string, query: Query = {}, everySeconds?: number): Pages<Item> {
  const found = useInfiniteQuery({
    queryKey: [path, query, "pages"],
    queryFn: ({ pageParam, signal }) =>
      client.request<Page<Item>>("GET", path, { query: { ...query, after: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    ...(everySeconds === undefined ? {} : { refetchInterval: everySeconds * 1000 }),
  });
  const pages = found.data?.pages;
  return {
    data: pages && { items: pages.flatMap((page) => page.items), total: pages.at(-1)?.total ?? 0 },
    error: found.error,
    refetch: found.refetch,
    more: found.hasNextPage ? () => void found.fetchNextPage() : null,
    loadingMore: found.isFetchingNextPage,
  };
}
