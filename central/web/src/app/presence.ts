/**
 * Whether a person is there. What an open page asks by itself must not keep their session alive: it would never end
 * while a tab is open, whoever sits down before it.
 */
const FOR_MILLISECONDS = 60_000;
const SIGNS = ["pointerdown", "keydown", "wheel", "touchmove"] as const;

let lastSign = Date.now(); // somebody opened the page

function noted(): void {
  lastSign = Date.now();
}

for (const sign of SIGNS) window.addEventListener(sign, noted, { capture: true, passive: true });
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") noted();
});

/** True: there was a key, a click or a touch within the last minute, or the page came to the front. */
export function isSomebodyThere(): boolean {
  return Date.now() - lastSign < FOR_MILLISECONDS;
}
