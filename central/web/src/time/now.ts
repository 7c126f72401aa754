import { useSyncExternalStore } from "react";

/** Central's clock as far as its messages show it: ages must not depend on this computer's clock. */
let ahead = 0;
const watching = new Set<() => void>();
let second = Math.floor(Date.now() / 1000);
let timer: ReturnType<typeof setInterval> | undefined;

/** What central said its time is. */
export function synchronise(serverTime: string): void {
  const difference = Date.parse(serverTime) - Date.now();
  // Less is the network's delay.
  if (Math.abs(difference - ahead) > 1500) ahead = difference;
}

/** Central's time, ms. */
export function serverNow(): number {
  return Date.now() + ahead;
}

function watch(notify: () => void): () => void {
  watching.add(notify);
  second = Math.floor(serverNow() / 1000);
  timer ??= setInterval(() => {
    second = Math.floor(serverNow() / 1000);
    for (const one of watching) one();
  }, 1000);
  return () => {
    watching.delete(notify);
    if (watching.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Central's time in ms; changes every so many seconds, and renders only then. One timer serves all. */
export function useNow(everySeconds = 1): number {
  return useSyncExternalStore(watch, () => Math.floor(second / everySeconds) * everySeconds * 1000);
}
