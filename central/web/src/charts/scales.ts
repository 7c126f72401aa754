import { scaleLinear } from "@visx/scale";
import type { Size } from "./useSize";

type Linear = ReturnType<typeof scaleLinear<number>>;

/** Where things stand in a chart, CSS pixels. */
export interface Frame {
  width: number;
  height: number;
  left: number;
  top: number;
  /** Where the areas stand on the ground, above the words of the axis. */
  ground: number;
}

/** From milliseconds, and from a share or a count, to CSS pixels. */
export interface Scales {
  x: Linear;
  y: Linear;
}

const LEAST = 280;
const HIGHEST = 380;

/** A chart that is neither a strip nor a tower. */
export function frameOf({ width, scale }: Size): Frame {
  const height = Math.round(Math.min(HIGHEST * scale, Math.max(LEAST * scale, width * 0.36)));
  return { width, height, left: 44 * scale, top: 6 * scale, ground: height - 24 * scale };
}

/** span: ms; most: the largest sum of a column. */
export function scalesOf(frame: Frame, span: readonly [number, number], most: number, nice: boolean): Scales {
  return {
    x: scaleLinear({ domain: [...span], range: [frame.left, Math.max(frame.left + 1, frame.width)] }),
    y: scaleLinear({ domain: [0, most], range: [frame.ground, frame.top], nice }),
  };
}
