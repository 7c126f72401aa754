import { curveMonotoneX, curveStepAfter } from "@visx/curve";
import { AreaStack } from "@visx/shape";
import { memo, useMemo, useState, type KeyboardEvent, type PointerEvent, type ReactElement } from "react";
import type { Resolution, Timeline } from "../api/models";
import { useFormats } from "../app/school";
import { inWords, LABELS, total } from "../labels/labels";
import { count, percent, type Formats } from "../time/formats";
import { Axes } from "./Axes";
import { BinTip } from "./BinTip";
import { binned, type Bin } from "./bins";
import "./charts.css";
import { corners, type Corner, type Measure } from "./runs";
import { frameOf, scalesOf, type Scales } from "./scales";
import { useSize } from "./useSize";

interface StackedTimelineProps {
  timeline: Timeline;
  measure: Measure;
  /** Whose: for screen readers. */
  label: string;
}

/** The mix of labels over time. The pointer, or the arrow keys, read a column out. */
export function StackedTimeline({ timeline, measure, label }: StackedTimelineProps): ReactElement {
  const formats = useFormats();
  const [element, size] = useSize();
  // A moment, ms, and no index: a later answer may begin elsewhere.
  const [chosen, setChosen] = useState<number | null>(null);
  const { resolution } = timeline;

  const found = useMemo(() => binned(timeline, size.width), [timeline, size.width]);
  const bins = useMemo(() => found.flat(), [found]);
  // The first and the last hour or day reach beyond the range that was asked for.
  const start = Math.min(Date.parse(timeline.start), bins[0]?.at ?? Infinity);
  const end = Math.max(Date.parse(timeline.end), bins.at(-1)?.end ?? -Infinity);
  const most = measure === "share" ? 1 : Math.max(1, ...bins.map(({ shares }) => total(shares)));
  const frame = useMemo(() => frameOf(size), [size]);
  const scales = useMemo(
    () => scalesOf(frame, [start, end], most, measure === "count"),
    [frame, start, end, most, measure],
  );

  const index = chosen === null ? -1 : bins.findIndex((one) => one.at <= chosen && chosen < one.end);
  const bin = bins[index];
  const middle = bin === undefined ? 0 : scales.x((bin.at + bin.end) / 2);
  const point = (event: PointerEvent) => {
    const at = scales.x.invert(event.clientX - event.currentTarget.getBoundingClientRect().left);
    setChosen(nearest(bins, at)?.at ?? null);
  };
  const press = (event: KeyboardEvent) => {
    const next = moved(event.key, bin === undefined ? null : index, bins.length);
    if (next === undefined) return;
    event.preventDefault();
    setChosen(next === null ? null : (bins[next]?.at ?? null));
  };
  const forget = () => {
    setChosen(null);
  };
  return (
    <div
      ref={element}
      className="timeline__plot"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, bins.length - 1)}
      aria-valuenow={Math.max(0, index)}
      aria-valuetext={
        bin === undefined
          ? `${count(bins.length)} points in time; arrow keys read them out`
          : readout(bin, resolution, formats)
      }
      onPointerMove={point}
      onPointerDown={point}
      onPointerLeave={(event) => {
        // What the keyboard chose stays as long as the keyboard is here.
        if (document.activeElement !== event.currentTarget) forget();
      }}
      onBlur={forget}
      onKeyDown={press}
    >
      {size.width > 0 && (
        <svg width={frame.width} height={frame.height} aria-hidden="true">
          <Axes scales={scales} frame={frame} span={[start, end]} measure={measure} />
          <Areas runs={found} smooth={resolution === "minute"} measure={measure} scales={scales} />
          {bin !== undefined && (
            <line className="timeline__cursor" x1={middle} x2={middle} y1={frame.top} y2={frame.ground} />
          )}
        </svg>
      )}
      {bin !== undefined && <BinTip bin={bin} resolution={resolution} left={middle} size={size} />}
    </div>
  );
}

interface AreasProps {
  runs: Bin[][];
  /** Minutes flow, hours and days are steps. */
  smooth: boolean;
  measure: Measure;
  scales: Scales;
}

/** Drawn anew only when what it shows changes, not with every move of the cursor. */
const Areas = memo(function Areas({ runs, smooth, measure, scales }: AreasProps) {
  return runs.map((run) => (
    <AreaStack<Corner, (typeof LABELS)[number]>
      key={run[0]?.at}
      keys={[...LABELS]}
      data={corners(run, smooth, measure)}
      curve={smooth ? curveMonotoneX : curveStepAfter}
      x={({ data }) => scales.x(data.at)}
      y0={([from]) => scales.y(from)}
      y1={([, to]) => scales.y(to)}
    >
      {({ stacks, path }) =>
        stacks.map((stack) => (
          <path key={stack.key} className={`timeline__area fill-${stack.key}`} d={path(stack) ?? ""} />
        ))
      }
    </AreaStack>
  ));
});

function readout({ at, shares }: Bin, resolution: Resolution, formats: Formats): string {
  const all = Math.max(1, total(shares));
  const parts = LABELS.map((label) => `${label} ${percent(shares[label] / all)}`).join(", ");
  return `${formats.bucket(at, resolution)}: ${parts}; ${inWords(shares)}`;
}

function nearest(bins: readonly Bin[], at: number): Bin | undefined {
  const away = (bin: Bin) => Math.abs((bin.at + bin.end) / 2 - at);
  return bins.reduce<Bin | undefined>(
    (best, bin) => (best === undefined || away(bin) < away(best) ? bin : best),
    undefined,
  );
}

/** The column that a key leads to; undefined: the key means nothing here. */
function moved(key: string, from: number | null, length: number): number | null | undefined {
  if (key === "Escape") return null;
  const here = from ?? length;
  const wanted: Record<string, number> = {
    ArrowLeft: here - 1,
    ArrowRight: here + 1,
    ArrowDown: here - 1,
    ArrowUp: here + 1,
    PageDown: here - 10,
    PageUp: here + 10,
    Home: 0,
    End: length - 1,
  };
  const next = wanted[key];
  return next === undefined || length === 0 ? undefined : Math.max(0, Math.min(length - 1, next));
}
