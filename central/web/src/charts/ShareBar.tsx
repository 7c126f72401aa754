import type { ReactElement } from "react";
import type { Shares } from "../api/models";
import { inWords, LABELS, total } from "../labels/labels";
import { LabelMark } from "../labels/LabelMark";
import { percent } from "../time/formats";
import "./charts.css";

interface ShareBarProps {
  shares: Shares;
  /** What is counted, for screen readers: "students", "observations". */
  of: string;
  /** `counts` and `percents` write them below the bar, `none` leaves the words to what stands around it. */
  legend?: "counts" | "percents" | "none";
}

/** One bar, divided by label. */
export function ShareBar({ shares, of, legend = "counts" }: ShareBarProps): ReactElement {
  const all = total(shares);
  return (
    <div className="share-bar">
      <div className="share-bar__bar" role="img" aria-label={`${all} ${of}: ${inWords(shares)}`}>
        {LABELS.map(
          (label) =>
            shares[label] > 0 && (
              <span
                key={label}
                className={`share-bar__part fill-${label}`}
                style={{ flexGrow: shares[label] }}
              />
            ),
        )}
      </div>
      {legend !== "none" && (
        <ul className="share-bar__legend" aria-hidden="true">
          {LABELS.map((label) => (
            <li key={label} className={shares[label] === 0 ? "faint" : undefined}>
              <LabelMark label={label} />
              <span className="share-bar__name">{label}</span>{" "}
              <b>{legend === "counts" ? shares[label] : percent(all === 0 ? 0 : shares[label] / all)}</b>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
