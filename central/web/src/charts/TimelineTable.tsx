import type { ReactElement } from "react";
import type { Bucket, Timeline } from "../api/models";
import { useFormats } from "../app/school";
import { Table, type Column } from "../design/Table";
import { LABELS } from "../labels/labels";
import { count, percent } from "../time/formats";

/** A timeline in figures: what the chart shows, for whoever reads rather than looks. */
export function TimelineTable({ timeline, caption }: { timeline: Timeline; caption: string }): ReactElement {
  const formats = useFormats();
  const columns: Column<Bucket>[] = [
    {
      id: "at",
      header: "From",
      cell: ({ at }) => (
        <time dateTime={at}>{timeline.resolution === "day" ? formats.date(at) : formats.dateTime(at)}</time>
      ),
      sort: ({ at }) => Date.parse(at),
    },
    ...LABELS.map((label) => ({
      id: label,
      header: label,
      end: true,
      cell: ({ shares }: Bucket) => count(shares[label]),
      sort: ({ shares }: Bucket) => shares[label],
    })),
    { id: "students", header: "Students", end: true, minor: true, cell: ({ students }) => count(students) },
    {
      id: "coverage",
      header: "In view",
      end: true,
      minor: true,
      cell: ({ coverage }) => (coverage === null ? "" : percent(coverage)),
    },
  ];
  return (
    <div className="timeline__table">
      <Table
        caption={caption}
        columns={columns}
        rows={timeline.buckets}
        rowKey={({ at }) => at}
        sortedBy="at"
        descending
      />
    </div>
  );
}
