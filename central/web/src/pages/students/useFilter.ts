import { useState } from "react";
import { useSearchParams } from "react-router";

export interface StudentFilter {
  query: string;
  /** Empty: all. */
  group: string;
  archived: boolean;
}

/** What is looked for, also in the address: a list can be bookmarked and come back to. */
export function useFilter(): [StudentFilter, (change: Partial<StudentFilter>) => void] {
  const [params, setParams] = useSearchParams();
  // Of its own: the address follows in a transition, for which no letter and no tick should wait.
  const [filter, setFilter] = useState<StudentFilter>(() => ({
    query: params.get("query") ?? "",
    group: params.get("group") ?? "",
    archived: params.get("archived") === "true",
  }));
  const choose = (change: Partial<StudentFilter>) => {
    const next = { ...filter, ...change };
    setFilter(next);
    const written = { query: next.query.trim(), group: next.group, archived: next.archived ? "true" : "" };
    setParams(Object.fromEntries(Object.entries(written).filter(([, value]) => value !== "")), {
      replace: true,
    });
  };
  return [filter, choose];
}
