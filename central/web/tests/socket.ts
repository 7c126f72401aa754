/** Central's end of the live WebSocket, for tests. */
import { LiveConnection } from "../src/live/connection";
import type { Change, Message, Snapshot } from "../src/live/messages";
import { Picture } from "../src/live/picture";

export class FakeSocket {
  readonly path: string;
  closed = false;
  onopen: ((event: Event) => unknown) | null = null;
  onmessage: ((event: MessageEvent<unknown>) => unknown) | null = null;
  onclose: ((event: CloseEvent) => unknown) | null = null;

  constructor(path: string) {
    this.path = path;
  }

  close(): void {
    this.closed = true;
  }

  /** From central. */
  say(message: Message): void {
    this.text(JSON.stringify(message));
  }

  text(data: string): void {
    this.onmessage?.(new MessageEvent("message", { data }));
  }

  drop(code = 1006): void {
    this.onclose?.(Object.assign(new Event("close"), { code, reason: "", wasClean: false }));
  }
}

export const AT = "2026-11-23T09:00:00Z";

export function snapshot(classrooms: Snapshot["classrooms"] = [], version = 1): Snapshot {
  return { type: "snapshot", version, epoch: "6f1e", at: AT, classrooms };
}

export function changes(version: number, ...list: Change[]): Message {
  return { type: "changes", version, at: AT, changes: list };
}

/** A live connection whose other end a test holds. */
export class FakeLive {
  readonly sockets: FakeSocket[] = [];
  readonly connection: LiveConnection;

  constructor(random = 1) {
    this.connection = new LiveConnection(new Picture(), {
      open: (path) => {
        const socket = new FakeSocket(path);
        this.sockets.push(socket);
        return socket;
      },
      random: () => random,
    });
  }

  /** The newest. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("nothing was connected");
    return socket;
  }

  say(message: Message): void {
    this.socket.say(message);
  }
}
