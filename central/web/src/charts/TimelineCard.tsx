import { useState, type ReactElement } from "react";
import { address } from "../api/client";
import { useApi } from "../api/hooks";
import type { Timeline } from "../api/models";
import { useFormats, useSchool } from "../app/school";
import { DownloadLink } from "../design/Button";
import { Card } from "../design/Card";
import { Segments } from "../design/Form";
import { Empty, Loaded, Notice } from "../design/States";
import { summed } from "./bins";
import { ShareBar } from "./ShareBar";
import { RangePicker } from "./RangePicker";
import { useRange, type Preset } from "./range";
import type { Measure } from "./runs";
import { StackedTimeline } from "./StackedTimeline";
import { TimelineTable } from "./TimelineTable";

interface TimelineCardProps {
  title: string;
  /** Whose expressions: for screen readers. */
  subject: string;
  /** Below /api, such as `/api/classrooms/room-101/timeline`. */
  path: string;
  /** The same as CSV. */
  csv?: string;
  initial?: Preset;
}

type Show = Measure | "table";

/** A timeline with its range, as shares, as counts or as a table. */
export function TimelineCard({
  title,
  subject,
  path,
  csv,
  initial = "today",
}: TimelineCardProps): ReactElement {
  const [range, setRange] = useRange(initial);
  const [show, setShow] = useState<Show>("share");
  const span = { start: range.start, end: range.end };
  // Central would choose hours for a day, which are too coarse for a lesson.
  const fine = range.from === range.to ? "minute" : undefined;
  const asked = useApi<Timeline>(path, { query: { ...span, resolution: fine }, keepPrevious: true });
  // Minutes are kept for the shortest time: of an older day there may still be hours.
  const tooFine =
    fine !== undefined && asked.data !== undefined && !asked.isPlaceholderData && isOlder(asked.data);
  const coarse = useApi<Timeline>(path, { query: span, enabled: tooFine, keepPrevious: true });
  const timeline = tooFine ? coarse : asked;
  const resolution = tooFine ? undefined : fine;
  return (
    <Card
      title={title}
      actions={
        <>
          <RangePicker range={range} onChange={setRange} />
          <Segments<Show>
            label="Show"
            value={show}
            onChange={setShow}
            options={[
              ["share", "Share"],
              ["count", "Count"],
              ["table", "Table"],
            ]}
          />
          {csv !== undefined && <DownloadLink href={address(csv, { ...span, resolution })}>CSV</DownloadLink>}
        </>
      }
    >
      <Loaded of={timeline} what={`Loading ${title}`}>
        {(answer) => <TimelineBody timeline={trimmed(answer, range.preset)} show={show} subject={subject} />}
      </Loaded>
    </Card>
  );
}

function TimelineBody({
  timeline,
  show,
  subject,
}: {
  timeline: Timeline;
  show: Show;
  subject: string;
}): ReactElement {
  const school = useSchool();
  const formats = useFormats();
  return (
    <div className="stack">
      {timeline.hidden && (
        <Notice>
          <p>
            Times with fewer than {school.smallest_group} students are left out, so that nobody can be singled
            out.
          </p>
        </Notice>
      )}
      {timeline.kept_since !== null && isOlder(timeline) && (
        <Notice>
          <p>
            What is older than {formats.dateTime(timeline.kept_since)} was deleted, as this school has set it.
          </p>
        </Notice>
      )}
      {timeline.buckets.length === 0 ? (
        <Empty title="Nothing was observed in this time">
          Choose another range. Labels exist only for times when a student with an enrolment was in view.
        </Empty>
      ) : show === "table" ? (
        <TimelineTable timeline={timeline} caption={`Expressions of ${subject} over time`} />
      ) : (
        <StackedTimeline timeline={timeline} measure={show} label={`Expressions of ${subject} over time`} />
      )}
      {timeline.buckets.length > 0 && (
        <ShareBar
          shares={summed(timeline.buckets.map(({ shares }) => shares))}
          of="observations"
          legend="percents"
        />
      )}
    </div>
  );
}

/** Whether it begins before what is kept. */
function isOlder({ kept_since, start }: Timeline): boolean {
  return kept_since !== null && kept_since > start;
}

/** Of a day only the part with lessons: nobody needs to see the night. */
function trimmed(timeline: Timeline, preset: Preset): Timeline {
  const first = timeline.buckets[0];
  if (first === undefined || (preset !== "today" && preset !== "yesterday")) return timeline;
  const before = Date.parse(first.at) - Date.parse(timeline.start);
  const last = Date.parse(timeline.buckets.at(-1)?.at ?? first.at) + 3_600_000;
  return {
    ...timeline,
    start: before > 3_600_000 ? first.at : timeline.start,
    end: last < Date.parse(timeline.end) ? new Date(last).toISOString() : timeline.end,
  };
}
