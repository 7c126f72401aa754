import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  use,
  useEffect,
  useState,
  useSyncExternalStore,
  type ReactElement,
  type ReactNode,
} from "react";
import type { Present } from "../api/models";
import { LiveConnection, type ConnectionState } from "./connection";
import { Picture, type LiveClassroom, type Part } from "./picture";

const Context = createContext<LiveConnection | null>(null);

interface LiveProviderProps {
  /** False where the role sees nothing live: nothing is connected. */
  enabled: boolean;
  connection?: LiveConnection;
  children: ReactNode;
}

/** Keeps the live picture while it is on the page. */
export function LiveProvider({ enabled, connection, children }: LiveProviderProps): ReactElement {
  const queries = useQueryClient();
  const [live] = useState(() => connection ?? new LiveConnection(new Picture()));
  useEffect(() => {
    if (!enabled) return undefined;
    const retry = () => {
      if (document.visibilityState === "visible") live.retryNow();
    };
    window.addEventListener("online", retry);
    document.addEventListener("visibilitychange", retry);
    live.start(() => void queries.invalidateQueries({ queryKey: ["/api/session"] }));
    return () => {
      window.removeEventListener("online", retry);
      document.removeEventListener("visibilitychange", retry);
      live.stop();
    };
  }, [enabled, live, queries]);
  return <Context value={live}>{children}</Context>;
}

function useLive(): LiveConnection {
  const live = use(Context);
  if (live === null) throw new Error("outside <LiveProvider>");
  return live;
}

function usePart<Value>(part: Part, read: (picture: Picture) => Value): Value {
  const { picture } = useLive();
  return useSyncExternalStore(
    (notify) => picture.watch(part, notify),
    () => read(picture),
  );
}

export function useConnection(): ConnectionState {
  const live = useLive();
  return useSyncExternalStore(live.watch, live.state);
}

/** All classrooms at a glance, in alphabetical order; renders with every change of any. */
export function useLiveSchool(): readonly LiveClassroom[] {
  return usePart("school", (picture) => picture.school());
}

/** null: not in the live picture. */
export function useLiveClassroom(classroom: string): LiveClassroom | null {
  return usePart(`classroom:${classroom}`, (picture) => picture.classroom(classroom));
}

/** IDs of whoever is present, by name; renders when somebody comes or goes. */
export function useRoster(classroom: string): readonly string[] {
  return usePart(`roster:${classroom}`, (picture) => picture.roster(classroom));
}

/** null: not in view now. */
export function useLiveStudent(student: string): Present | null {
  return usePart(`student:${student}`, (picture) => picture.student(student));
}
