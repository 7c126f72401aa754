/** What `/ws/live` sends; written by hand, as OpenAPI does not describe WebSockets. */
import type { Present } from "../api/models";

/** A classroom's device. */
export interface LiveDevice {
  classroom: string;
  simulated: boolean;
  /** null: it was never heard of. */
  online: boolean | null;
  since: string | null;
}

export type Change =
  | ({ kind: "student" } & Present)
  | { kind: "gone"; student_id: string; classroom: string }
  | ({ kind: "device" } & LiveDevice);

export interface Snapshot {
  type: "snapshot";
  /** Of the picture; with `epoch`, what a connection resumes by. */
  version: number;
  /** A new one each time central starts. */
  epoch: string;
  at: string;
  classrooms: (LiveDevice & { students: Present[] })[];
}

export interface Changes {
  type: "changes";
  version: number;
  at: string;
  changes: Change[];
}

export interface Heartbeat {
  type: "heartbeat";
  version: number;
  at: string;
}

export type Message = Snapshot | Changes | Heartbeat;

const KINDS = new Set(["snapshot", "changes", "heartbeat"]);

/** A message, or null for what is none: a newer central may send kinds that this page does not know. */
export function parse(text: string): Message | null {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof content !== "object" || content === null) return null;
  const { type, version } = content as Partial<Message>;
  return typeof version === "number" && KINDS.has(String(type)) ? (content as Message) : null;
}
