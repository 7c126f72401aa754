import type { ReactElement } from "react";
import { useFormats } from "../app/school";
import { count, percent } from "../time/formats";
import type { Measure } from "./runs";
import type { Frame, Scales } from "./scales";
import { tickText, timeTicks } from "./ticks";

interface AxesProps {
  scales: Scales;
  frame: Frame;
  /** ms */
  span: readonly [number, number];
  measure: Measure;
}

export function Axes({ scales, frame, span, measure }: AxesProps): ReactElement {
  const formats = useFormats();
  const [start, end] = span;
  const { x, y } = scales;
  const { width, height, left } = frame;
  return (
    <>
      {y.ticks(4).map((value) =>
        measure === "count" && !Number.isInteger(value) ? null : (
          <g key={value}>
            <line className="timeline__grid" x1={left} x2={width} y1={y(value)} y2={y(value)} />
            <text className="timeline__tick" x={left * 0.82} y={y(value)} dy="0.32em" textAnchor="end">
              {measure === "share" ? percent(value) : count(value)}
            </text>
          </g>
        ),
      )}
      {/* A word needs twice the room of the figures at the left. */}
      {timeTicks(start, end, width / (2 * left), formats).map((at) => (
        <text
          key={at}
          className="timeline__tick"
          x={x(at)}
          y={height - left / 8}
          textAnchor={anchor(x(at), left, width)}
        >
          {tickText(at, end - start, formats)}
        </text>
      ))}
    </>
  );
}

/** Words at the edges must not leave the chart. */
function anchor(x: number, left: number, width: number): "start" | "middle" | "end" {
  if (x < left * 1.4) return "start";
  return x > width - left / 2 ? "end" : "middle";
}
