import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

/** public/theme.js reads it before the first paint. */
const KEY = "classpulse.theme";
const watching = new Set<() => void>();

function theme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

function choose(next: Theme): void {
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
  for (const notify of watching) notify();
}

export function useTheme(): [Theme, (next: Theme) => void] {
  const current = useSyncExternalStore((notify) => {
    watching.add(notify);
    return () => watching.delete(notify);
  }, theme);
  return [current, choose];
}
