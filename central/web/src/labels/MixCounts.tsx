import type { ReactElement } from "react";
import type { Label, Shares } from "../api/models";
import { LABELS } from "./labels";
import { LabelMark } from "./LabelMark";
import "./mix.css";

interface MixCountsProps {
  shares: Shares;
  /** The labels become switches: which is pressed, and what a press does. */
  filter?: { chosen: Label | null; onChoose: (label: Label | null) => void };
}

/** How many have which label: five columns that stand at the same place everywhere, so that rooms can be compared. */
export function MixCounts({ shares, filter }: MixCountsProps): ReactElement {
  return (
    <ul className="mix">
      {LABELS.map((label) => {
        const content = (
          <>
            <span className="mix__count">
              <LabelMark label={label} />
              {shares[label]}
            </span>
            <span className="mix__word">{label}</span>
          </>
        );
        const look = shares[label] === 0 ? "mix__item mix__item--none" : "mix__item";
        return (
          <li key={label}>
            {filter === undefined ? (
              <span className={look}>{content}</span>
            ) : (
              <button
                type="button"
                className={look}
                aria-pressed={filter.chosen === label}
                onClick={() => {
                  filter.onChoose(filter.chosen === label ? null : label);
                }}
              >
                {content}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
