import type { ReactElement } from "react";
import { useFormats } from "../app/school";
import { duration } from "./formats";
import { useNow } from "./now";

interface MomentProps {
  at: string;
  /** `brief` leaves out today's date; `date` leaves out the time. */
  show?: "brief" | "time" | "timeSeconds" | "date" | "dateTime" | "full";
}

/** A moment in the school's zone, with all of it, zone included, as a tip. */
export function Moment({ at, show = "brief" }: MomentProps): ReactElement {
  const formats = useFormats();
  const now = useNow(60);
  return (
    <time dateTime={at} title={formats.full(at)} className="nowrap">
      {show === "brief" ? formats.brief(at, now) : formats[show](at)}
    </time>
  );
}

/** Below this an age is "just now": figures that jump between 0 and 4 say nothing. */
const JUST_NOW_S = 5;

/** How long a moment lies back: "3 min", or "3 min ago"; it counts by itself. */
export function Age({ of, ago = false }: { of: string; ago?: boolean }): ReactElement {
  const formats = useFormats();
  const now = useNow();
  const seconds = (now - Date.parse(of)) / 1000;
  const words = duration(seconds);
  return (
    <time dateTime={of} title={formats.full(of)} className="nowrap">
      {ago ? (seconds < JUST_NOW_S ? "just now" : `${words} ago`) : words}
    </time>
  );
}
