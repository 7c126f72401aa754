import { useState, type CSSProperties, type ReactElement } from "react";
import type { Label, StudentPattern } from "../../api/models";
import { useFormats } from "../../app/school";
import { Segments } from "../../design/Form";
import { Empty } from "../../design/States";
import { LABELS } from "../../labels/labels";
import { LabelMark } from "../../labels/LabelMark";
import { count } from "../../time/formats";
import { ENOUGH_IN_CELL, weekHours, type HourCell } from "./weekHours";

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** How large a label's share is at each hour of the week: in figures, and the larger the darker. */
export function WeekHoursTable({ pattern }: { pattern: StudentPattern }): ReactElement {
  const [label, setLabel] = useState<Label>("tired");
  const formats = useFormats();
  const { weekdays, rows } = weekHours(pattern.cells, label);
  const span = `${formats.date(pattern.start)} to ${formats.date(pattern.end)}`;
  if (rows.length === 0) {
    return (
      <Empty title="Nothing was observed in these weeks">Choose more weeks, if they are still kept.</Empty>
    );
  }
  return (
    <div className="stack">
      <div className="week__labels">
        <Segments<Label>
          label="Label whose share is shown"
          value={label}
          onChange={setLabel}
          options={LABELS.map((one) => [
            one,
            <span key={one} className="row week__label">
              <LabelMark label={one} /> {one}
            </span>,
          ])}
        />
      </div>
      <div
        className="week__frame"
        role="region"
        aria-label={`Share of ${label} by weekday and hour`}
        // Scrolls sideways, so the keyboard has to reach it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
      >
        <table className={`week fill-${label}`}>
          <caption className="visually-hidden">
            Share of the label {label} by weekday and hour, {span}, with the number of observations
          </caption>
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">Hour</span>
              </th>
              {weekdays.map((day) => (
                <th key={day} scope="col">
                  <abbr title={WEEKDAYS[day]}>{WEEKDAYS[day]?.slice(0, 3)}</abbr>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.hour}>
                <th scope="row">{String(row.hour).padStart(2, "0")}:00</th>
                {row.cells.map((cell, index) => (
                  <Cell key={weekdays[index]} cell={cell} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="faint week__note">
        Of all observations in that hour, {span}; below it their number. Hours with fewer than{" "}
        {ENOUGH_IN_CELL} show no share.
      </p>
    </div>
  );
}

function Cell({ cell }: { cell: HourCell | null }): ReactElement {
  if (cell === null) {
    return (
      <td className="week__none">
        <span className="visually-hidden">nothing observed</span>
      </td>
    );
  }
  const { of, percent } = cell;
  return (
    <td className="week__cell" style={{ "--depth": depth(percent ?? 0) } as CSSProperties}>
      <span className="week__percent">{percent === null ? <TooFew /> : `${Math.round(percent)}%`}</span>{" "}
      <span className="week__of">{count(of)}</span>
    </td>
  );
}

/** Percent of the label's colour in the cell: grows fastest where most shares are, and leaves the figures readable. */
function depth(percent: number): number {
  return 50 * Math.sqrt(percent / 100);
}

function TooFew(): ReactElement {
  return (
    <>
      <span aria-hidden="true">–</span>
      <span className="visually-hidden">too few</span>
    </>
  );
}
