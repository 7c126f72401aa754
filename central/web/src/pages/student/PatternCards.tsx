import { useState, type ReactElement } from "react";
import { useApi } from "../../api/hooks";
import type { StudentPattern } from "../../api/models";
import { Card } from "../../design/Card";
import { SelectField } from "../../design/Form";
import { Loaded } from "../../design/States";
import { BaselineText } from "./BaselineText";
import { WeekHoursTable } from "./WeekHoursTable";

const WEEKS = [4, 8, 12, 26, 52];
const USUAL_WEEKS = 8;

/** The latest days beside those before, and the student's usual week. */
export function PatternCards({ path }: { path: string }): ReactElement {
  const [weeks, setWeeks] = useState(USUAL_WEEKS);
  const comparison = useApi<StudentPattern>(path, { query: { weeks: USUAL_WEEKS } });
  const pattern = useApi<StudentPattern>(path, { query: { weeks }, keepPrevious: true });
  return (
    <>
      <Card title="Compared with their own past" note="never with other students">
        <Loaded of={comparison} what="Loading the comparison">
          {(answer) => <BaselineText baseline={answer.baseline} />}
        </Loaded>
      </Card>
      <Card
        title="By weekday and hour"
        actions={
          <SelectField
            label="Weeks"
            quiet
            value={weeks}
            onChange={(event) => {
              setWeeks(Number(event.target.value));
            }}
          >
            {WEEKS.map((count) => (
              <option key={count} value={count}>
                Last {count} weeks
              </option>
            ))}
          </SelectField>
        }
      >
        <Loaded of={pattern} what="Loading the pattern">
          {(answer) => <WeekHoursTable pattern={answer} />}
        </Loaded>
      </Card>
    </>
  );
}
