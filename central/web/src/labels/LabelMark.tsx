import type { ReactElement } from "react";
import type { Label } from "../api/models";
import "./labels.css";

// Outlines that differ without colour: circle, square, crescent, drop, triangle. The face inside shows from 14 px on.
const SHAPES: Record<Label, { outline: ReactElement; face?: ReactElement }> = {
  happy: {
    outline: <circle cx="8" cy="8" r="7" />,
    face: <path d="M5.5 6.200v.3m5-.3v.3M4.8 9.300c1.5 2.4 4.9 2.4 6.4 0" />,
  },
  neutral: {
    outline: <rect x="1.5" y="1.5" width="13" height="13" rx="3" />,
    face: <path d="M5.5 6v.3m5-.3v.3M5 10.300h6" />,
  },
  tired: { outline: <path d="M10.5 1.200A7 7 0 1 0 14.8 9.8 5.8 5.8 0 0 1 10.5 1.200Z" /> },
  sad: {
    outline: <path d="M8 .6c1.6 2.7 5.3 5.5 5.3 9.300A5.3 5.3 0 0 1 2.7 9.900C2.7 6.1 6.4 3.3 8 .6Z" />,
    face: <path d="M6 8.300v.3m4-.3v.3M5.8 12.100c1-1.4 3.4-1.4 4.4 0" />,
  },
  angry: {
    outline: <path d="M8 .9 15.4 14a.8.8 0 0 1-.7 1.200H1.300A.8.8 0 0 1 .6 14Z" />,
    face: <path d="m5.4 8 1.8 1m3.4-1-1.8 1M5.9 12.700c1-1.1 3.2-1.1 4.2 0" />,
  },
};

/** A label's sign: its own shape in its own colour. Always beside the word. */
export function LabelMark({ label }: { label: Label }): ReactElement {
  const { outline, face } = SHAPES[label];
  return (
    <svg className={`label-mark label-mark--${label}`} viewBox="0 0 16 16" aria-hidden="true">
      <g className="label-mark__outline">{outline}</g>
      {face !== undefined && <g className="label-mark__face">{face}</g>}
    </svg>
  );
}

/** A label in words with its sign. */
export function LabelChip({ label }: { label: Label }): ReactElement {
  return (
    <span className={`label-chip label-chip--${label}`}>
      <LabelMark label={label} />
      {label}
    </span>
  );
}
