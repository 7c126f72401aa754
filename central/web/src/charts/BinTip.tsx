import type { ReactElement } from "react";
import type { Resolution } from "../api/models";
import { useFormats } from "../app/school";
import { LABELS, total } from "../labels/labels";
import { LabelMark } from "../labels/LabelMark";
import { count, percent } from "../time/formats";
import type { Bin } from "./bins";
import { STEP } from "./runs";
import type { Size } from "./useSize";

/** As in charts.css: 12.5 rem, and a little away from the cursor. */
const WIDTH = 200;
const GAP = 12;

interface BinTipProps {
  bin: Bin;
  resolution: Resolution;
  /** Where the cursor stands in a chart of that size, CSS pixels. */
  left: number;
  size: Size;
}

/** What one column holds, beside the cursor. */
export function BinTip({ bin, resolution, left, size }: BinTipProps): ReactElement {
  const formats = useFormats();
  const all = Math.max(1, total(bin.shares));
  const [width, gap] = [WIDTH * size.scale, GAP * size.scale];
  const beside = left + gap + width > size.width ? Math.max(0, left - gap - width) : left + gap;
  const until = bin.end - bin.at > STEP[resolution] ? `–${formats.time(bin.end)}` : "";
  return (
    <div className="timeline__tip" style={{ transform: `translateX(${beside}px)` }} aria-hidden="true">
      <h3>
        {formats.bucket(bin.at, resolution)}
        {until}
      </h3>
      <ul className="timeline__labels">
        {LABELS.toReversed().map((label) => (
          <li key={label}>
            <LabelMark label={label} />
            {label}
            <span>{count(bin.shares[label])}</span>
            <span className="faint">{percent(bin.shares[label] / all)}</span>
          </li>
        ))}
      </ul>
      <p>
        {count(bin.observations)} {bin.observations === 1 ? "observation" : "observations"}
        {bin.students !== null && ` of ${count(bin.students)} ${bin.students === 1 ? "student" : "students"}`}
        {bin.coverage !== null && `; in view ${percent(bin.coverage)} of the time`}
      </p>
    </div>
  );
}
