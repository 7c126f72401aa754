import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { useFormats } from "../app/school";
import { shiftDay, type Formats } from "../time/formats";
import { useNow } from "../time/now";

export const PRESETS = {
  hour: "Last hour",
  today: "Today",
  yesterday: "Yesterday",
  week: "7 days",
  month: "30 days",
  custom: "Custom",
} as const;

export type Preset = keyof typeof PRESETS;

export interface Range {
  preset: Preset;
  /** RFC 3339; what the API takes. */
  start: string;
  end: string;
  /** The first and the last day, by the school's calendar: 2026-11-23. */
  from: string;
  to: string;
}

function isPreset(text: string | null): text is Preset {
  return text !== null && text in PRESETS;
}

/** The range that a preset, or chosen days, mean now (ms). */
export function resolveRange(preset: Preset, from: string, to: string, now: number, formats: Formats): Range {
  const today = formats.day(now);
  const days: Record<Exclude<Preset, "hour">, readonly [string, string]> = {
    today: [today, today],
    yesterday: [shiftDay(today, -1), shiftDay(today, -1)],
    week: [shiftDay(today, -6), today],
    month: [shiftDay(today, -29), today],
    custom: from <= to ? [from, to] : [to, from],
  };
  if (preset === "hour") {
    const start = new Date(now - 3_600_000);
    return { preset, start: start.toISOString(), end: new Date(now).toISOString(), from: today, to: today };
  }
  const [first, last] = days[preset];
  const end = Math.min(formats.dayStart(shiftDay(last, 1)).getTime(), now + 60_000);
  const start = formats.dayStart(first).getTime();
  return {
    preset,
    from: first,
    to: last,
    start: new Date(start).toISOString(),
    end: new Date(Math.max(end, start + 60_000)).toISOString(),
  };
}

/** The range that the address chooses (`?range=week`), so that a view can be bookmarked and sent on. */
export function useRange(
  fallback: Preset = "today",
): [Range, (next: Partial<Pick<Range, "preset" | "from" | "to">>) => void] {
  const formats = useFormats();
  const now = useNow(60);
  const [query, setQuery] = useSearchParams();
  const asked = query.get("range");
  const today = formats.day(now);
  const range = useMemo(
    () =>
      resolveRange(
        isPreset(asked) ? asked : fallback,
        dayOr(query.get("from"), today),
        dayOr(query.get("to"), today),
        now,
        formats,
      ),
    [asked, fallback, query, today, now, formats],
  );
  const choose: ReturnType<typeof useRange>[1] = (next) => {
    const { preset, from, to } = { ...range, ...next };
    setQuery(
      (before) => {
        const after = new URLSearchParams(before);
        after.set("range", preset);
        for (const [key, day] of [
          ["from", from],
          ["to", to],
        ] as const) {
          if (preset === "custom") after.set(key, day);
          else after.delete(key);
        }
        return after;
      },
      { replace: true },
    );
  };
  return [range, choose];
}

function dayOr(text: string | null, fallback: string): string {
  return text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))
    ? text
    : fallback;
}
