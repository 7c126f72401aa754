import type { ReactElement } from "react";
import type { Shares } from "../api/models";
import { LABELS, total } from "../labels/labels";
import "./charts.css";

const HEIGHT = 32;
const STEP = 10;
const GAP = 1.5;

interface SparklineProps {
  /** Oldest first; all of the same length of time. */
  buckets: readonly Shares[];
  /** What it shows, for screen readers. */
  label: string;
}

/** The mix over time, small: a column for each bucket, all of one height; an empty one is a dot on the ground. */
export function Sparkline({ buckets, label }: SparklineProps): ReactElement {
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${Math.max(1, buckets.length) * STEP - GAP} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {buckets.map((shares, index) => (
        <g key={index} transform={`translate(${index * STEP} 0)`}>
          <Column shares={shares} />
        </g>
      ))}
    </svg>
  );
}

function Column({ shares }: { shares: Shares }): ReactElement {
  const all = total(shares);
  if (all === 0) {
    return <rect className="sparkline__empty" y={HEIGHT - 2} width={STEP - GAP} height={2} rx={1} />;
  }
  return (
    <>
      {LABELS.map((label, index) => {
        const below = LABELS.slice(0, index).reduce((sum, one) => sum + shares[one], 0);
        const height = (shares[label] / all) * HEIGHT;
        const top = HEIGHT - height - (below / all) * HEIGHT;
        return (
          height > 0 && (
            <rect key={label} className={`fill-${label}`} y={top} width={STEP - GAP} height={height} />
          )
        );
      })}
    </>
  );
}
