import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AT, changes, FakeLive, snapshot } from "../socket";

let live: FakeLive;
const loggedOut = vi.fn();

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(AT) });
  loggedOut.mockClear();
  live = new FakeLive();
  live.connection.start(loggedOut);
});

afterEach(() => {
  live.connection.stop();
  vi.useRealTimers();
});

test("it is live once central has said something, not before", () => {
  expect(live.connection.state()).toEqual({ status: "connecting", heardAt: null });
  live.say(snapshot());
  expect(live.connection.state()).toEqual({ status: "live", heardAt: AT });
});

test("a connection that was lost resumes after the version it had", () => {
  live.say(snapshot([], 4));
  live.say(changes(5));
  live.socket.drop();
  expect(live.connection.state().status).toBe("reconnecting");
  vi.advanceTimersByTime(500);
  expect(live.sockets.map(({ path }) => path)).toEqual(["/ws/live", "/ws/live?epoch=6f1e&version=5"]);
});

test("after a restart of central the next snapshot replaces everything, the epoch too", () => {
  live.say(snapshot([], 400));
  live.socket.drop();
  vi.advanceTimersByTime(500);
  live.say({ ...snapshot([], 2), epoch: "new" });
  live.socket.drop();
  vi.advanceTimersByTime(500);
  expect(live.socket.path).toBe("/ws/live?epoch=new&version=2");
});

test("forty seconds of silence are a lost connection", () => {
  live.say(snapshot());
  vi.advanceTimersByTime(39_000);
  live.say({ type: "heartbeat", version: 1, at: AT });
  vi.advanceTimersByTime(39_000);
  expect(live.connection.state().status).toBe("live");
  vi.advanceTimersByTime(1000);
  expect(live.connection.state().status).toBe("reconnecting");
  expect(live.sockets[0]?.closed).toBe(true);
});

test("it waits twice as long after each failure, twenty seconds at most", () => {
  const waits: number[] = [];
  for (let failures = 0; failures < 8; failures += 1) {
    const before = live.sockets.length;
    live.socket.drop();
    let waited = 0;
    while (live.sockets.length === before) {
      vi.advanceTimersByTime(100);
      waited += 100;
    }
    waits.push(waited);
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]);
});

test("dashboards do not come back at the same instant", () => {
  const early = new FakeLive(0);
  early.connection.start(loggedOut);
  early.socket.drop();
  live.socket.drop();
  vi.advanceTimersByTime(100);
  expect([early.sockets.length, live.sockets.length]).toEqual([2, 1]);
  early.connection.stop();
});

test("once it hears from central again the next wait is short again", () => {
  for (let failures = 0; failures < 5; failures += 1) {
    live.socket.drop();
    vi.advanceTimersByTime(20_000);
  }
  live.say(snapshot());
  const before = live.sockets.length;
  live.socket.drop();
  vi.advanceTimersByTime(500);
  expect(live.sockets.length).toBe(before + 1);
});

test("a session that ended is told, and not tried again", () => {
  live.say(snapshot());
  live.socket.drop(4401);
  vi.advanceTimersByTime(60_000);
  expect(loggedOut).toHaveBeenCalledOnce();
  expect(live.sockets).toHaveLength(1);
  expect(live.connection.state().status).toBe("refused");
});

test("a role that sees nothing live stays logged in", () => {
  live.socket.drop(4403);
  expect(loggedOut).not.toHaveBeenCalled();
  expect(live.connection.state().status).toBe("refused");
});

test("when the network is back it does not wait for the rest of the pause", () => {
  live.say(snapshot());
  live.socket.drop();
  live.connection.retryNow();
  expect(live.sockets).toHaveLength(2);
  live.connection.retryNow();
  expect(live.sockets).toHaveLength(2);
});

test("what an old connection still says is passed over", () => {
  live.say(snapshot([], 3));
  const old = live.socket;
  old.drop();
  vi.advanceTimersByTime(500);
  live.say(snapshot([], 8));
  old.say(changes(4));
  expect(live.connection.picture.version).toBe(8);
});

test("what cannot be understood changes nothing", () => {
  live.say(snapshot([], 3));
  for (const text of ["", "[]", "null", '{"type":"news","version":4}', '{"type":"changes"}'])
    live.socket.text(text);
  expect(live.connection.picture.version).toBe(3);
});

test("stopped, it closes and forgets", () => {
  live.say(snapshot([{ classroom: "room-101", simulated: false, online: true, since: AT, students: [] }]));
  live.connection.stop();
  vi.advanceTimersByTime(60_000);
  expect(live.socket.closed).toBe(true);
  expect(live.sockets).toHaveLength(1);
  expect(live.connection.picture.classrooms()).toEqual([]);
});
