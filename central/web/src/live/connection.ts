/** Keeps one WebSocket to `/ws/live` open and a picture up to date. */
import { synchronise } from "../time/now";
import { parse, type Message } from "./messages";
import type { Picture } from "./picture";

/** `connecting`: for the first time; `refused`: central wants a login, or this account sees nothing live. */
export type ConnectionStatus = "connecting" | "live" | "reconnecting" | "refused";

export interface ConnectionState {
  status: ConnectionStatus;
  /** Central's time at the newest message; null: none came yet. */
  heardAt: string | null;
}

/** Central says something every 15 s. */
const SILENCE_MS = 40_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;
const NOT_LOGGED_IN = 4401;
const NOT_FOR_THIS_ROLE = 4403;

type Socket = Pick<WebSocket, "close" | "onopen" | "onmessage" | "onclose">;

export interface Surroundings {
  open: (path: string) => Socket;
  /** 0..1 */
  random: () => number;
}

const BROWSER: Surroundings = {
  open: (path) => new WebSocket(path),
  random: Math.random,
};

export class LiveConnection {
  readonly picture: Picture;
  readonly #surroundings: Surroundings;
  readonly #watching = new Set<() => void>();
  #state: ConnectionState = { status: "connecting", heardAt: null };
  #socket: Socket | null = null;
  #attempts = 0;
  #onLoggedOut: () => void = () => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(picture: Picture, surroundings: Surroundings = BROWSER) {
    this.picture = picture;
    this.#surroundings = surroundings;
  }

  readonly watch = (notify: () => void): (() => void) => {
    this.#watching.add(notify);
    return () => this.#watching.delete(notify);
  };

  readonly state = (): ConnectionState => this.#state;

  /** Opens it and keeps it open until `stop`. onLoggedOut: called when central says that the session has ended. */
  start(onLoggedOut: () => void): void {
    this.#onLoggedOut = onLoggedOut;
    if (this.#socket === null && this.#timer === undefined) this.#connect();
  }

  /** Closes it and forgets the picture. */
  stop(): void {
    this.#disconnect();
    this.#attempts = 0;
    this.picture.clear();
    this.#become({ status: "connecting", heardAt: null });
  }

  /** Now, not after the wait: the network came back, or the page to the front. */
  retryNow(): void {
    if (this.#socket !== null || this.#state.status === "refused") return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #connect(): void {
    const socket = this.#surroundings.open(this.#path());
    this.#socket = socket;
    this.#expectMessage();
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      const message = typeof data === "string" ? parse(data) : null;
      if (message !== null && socket === this.#socket) this.#take(message);
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#closed(code);
    };
  }

  /** Central sends what changed since the version we have, or everything if it no longer knows. */
  #path(): string {
    const { epoch, version } = this.picture;
    if (epoch === null) return "/ws/live";
    return `/ws/live?${new URLSearchParams({ epoch, version: String(version) }).toString()}`;
  }

  #take(message: Message): void {
    this.#expectMessage();
    this.#attempts = 0;
    synchronise(message.at);
    this.picture.apply(message);
    this.#become({ status: "live", heardAt: message.at });
  }

  #expectMessage(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#disconnect();
      this.#wait();
    }, SILENCE_MS);
  }

  #closed(code: number): void {
    this.#disconnect();
    if (code === NOT_LOGGED_IN || code === NOT_FOR_THIS_ROLE) {
      this.#become({ ...this.#state, status: "refused" });
      if (code === NOT_LOGGED_IN) this.#onLoggedOut();
    } else {
      this.#wait();
    }
  }

  /** Exponential, with full jitter: a hundred dashboards must not come back at the same instant. */
  #wait(): void {
    const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#become({ ...this.#state, status: this.#state.heardAt === null ? "connecting" : "reconnecting" });
    this.#timer = setTimeout(
      () => {
        this.#connect();
      },
      ceiling * (0.1 + 0.9 * this.#surroundings.random()),
    );
  }

  #disconnect(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #become(state: ConnectionState): void {
    this.#state = state;
    for (const notify of this.#watching) notify();
  }
}
