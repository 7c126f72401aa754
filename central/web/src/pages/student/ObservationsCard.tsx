import { useState, type ReactElement } from "react";
import { Link } from "react-router";
import type { ObservationRow } from "../../api/models";
import { usePages } from "../../api/pages";
import { Badge } from "../../design/Badge";
import { Button, DownloadLink } from "../../design/Button";
import { Card } from "../../design/Card";
import { More } from "../../design/More";
import { Empty, Loaded } from "../../design/States";
import { Table } from "../../design/Table";
import { LabelChip } from "../../labels/LabelMark";
import { Moment } from "../../time/Moment";

/** Single observations, the newest first; asked for only when wanted: there may be thousands. */
export function ObservationsCard({ path }: { path: string }): ReactElement {
  const [wanted, setWanted] = useState(false);
  return (
    <Card
      title="Single observations"
      note="as the devices sent them"
      actions={
        <>
          <Button
            icon="table"
            aria-expanded={wanted}
            onClick={() => {
              setWanted(!wanted);
            }}
          >
            {wanted ? "Hide them" : "Show them"}
          </Button>
          <DownloadLink href={`${path}.csv`}>CSV</DownloadLink>
        </>
      }
      flush={wanted}
    >
      {wanted ? (
        <Observations path={path} />
      ) : (
        <p className="faint">They are kept for a shorter time than what the timeline is made of.</p>
      )}
    </Card>
  );
}

function Observations({ path }: { path: string }): ReactElement {
  const observations = usePages<ObservationRow>(path);
  return (
    <Loaded of={observations} what="Loading observations">
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No observations are kept">
            They are deleted after a time; the timeline goes back further.
          </Empty>
        ) : (
          <>
            <div className="observations">
              <Table
                caption="Observations, the newest first"
                rows={items}
                rowKey={(row) => `${row.observed_at} ${row.classroom}`}
                columns={[
                  {
                    id: "at",
                    header: "Observed",
                    cell: (row) => <Moment at={row.observed_at} show="full" />,
                  },
                  { id: "label", header: "Label", cell: (row) => <LabelChip label={row.label} /> },
                  {
                    id: "classroom",
                    header: "Classroom",
                    cell: (row) => <Link to={`/classrooms/${row.classroom}`}>{row.classroom}</Link>,
                  },
                  {
                    id: "late",
                    header: "Arrival",
                    minor: true,
                    cell: (row) =>
                      row.late ? (
                        <Badge>late, after an outage</Badge>
                      ) : (
                        <span className="faint">at once</span>
                      ),
                  },
                ]}
              />
            </div>
            <More of={observations} things="observations" />
          </>
        )
      }
    </Loaded>
  );
}
