import type { ReactElement } from "react";
import type { Baseline } from "../../api/models";
import { useFormats } from "../../app/school";
import { Empty } from "../../design/States";
import { Table } from "../../design/Table";
import { LabelMark } from "../../labels/LabelMark";
import { count } from "../../time/formats";
import { compare, ENOUGH, NOTEWORTHY_POINTS, type Difference, type Part } from "./comparison";

/** A student beside their own past, in a sentence and in figures. */
export function BaselineText({ baseline }: { baseline: Baseline }): ReactElement {
  const formats = useFormats();
  const comparison = compare(baseline);
  const since = formats.date(baseline.recent_start);
  const before = formats.date(baseline.before_start);
  if (!comparison.enough) {
    return (
      <Empty title="Too little to compare">
        {count(comparison.recent)} observations since {since}, {count(comparison.before)} between {before} and
        then. A comparison needs {count(ENOUGH)} on either side: about an hour in view.
      </Empty>
    );
  }
  return (
    <div className="stack">
      <p className="baseline__words">{inWords(comparison.differences)}</p>
      <Table
        caption="Share of each label lately and before"
        rows={comparison.differences}
        rowKey={(row) => row.label}
        columns={[
          {
            id: "label",
            header: "Label",
            cell: (row) => (
              <span className="row week__label">
                <LabelMark label={row.label} /> {row.label}
              </span>
            ),
          },
          { id: "recent", header: "Lately", end: true, cell: (row) => <PartText part={row.recent} /> },
          { id: "before", header: "Before", end: true, cell: (row) => <PartText part={row.before} /> },
          { id: "points", header: "Difference", end: true, cell: (row) => <Points difference={row} /> },
        ]}
      />
      <p className="faint baseline__note">
        Lately: since {since}. Before: from {before} until then. Beside each share the number of observations;
        differences under {NOTEWORTHY_POINTS} percentage points are not named. Light, seat, hairstyle, an
        illness or a new camera change labels too.
      </p>
    </div>
  );
}

function inWords(differences: Difference[]): string {
  const named = differences.filter((one) => one.verdict !== "same");
  if (named.length === 0) return "Much as before: no label is clearly more or less frequent.";
  const clauses = named.map(
    ({ label, verdict, recent, before }) =>
      `“${label}” ${verdict} often (${whole(recent.percent)} of observations, before ${whole(before.percent)})`,
  );
  return `Lately ${clauses.join("; ")}.`;
}

function PartText({ part }: { part: Part }): ReactElement {
  return (
    <span className="nowrap">
      {whole(part.percent)} <span className="faint">{count(part.count)}</span>
    </span>
  );
}

function Points({ difference: { verdict, points } }: { difference: Difference }): ReactElement {
  if (verdict === "same") return <span className="faint">about the same</span>;
  const amount = Math.abs(Math.round(points));
  return (
    <span className="nowrap">
      {amount} points {verdict}
    </span>
  );
}

function whole(percent: number): string {
  return `${Math.round(percent)}%`;
}
