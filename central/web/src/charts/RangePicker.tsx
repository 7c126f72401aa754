import type { ReactElement } from "react";
import { useFormats } from "../app/school";
import { SelectField, TextField } from "../design/Form";
import { serverNow } from "../time/now";
import { PRESETS, type Preset, type Range } from "./range";

interface RangePickerProps {
  range: Range;
  onChange: (next: Partial<Pick<Range, "preset" | "from" | "to">>) => void;
}

/** Which span of time a chart shows. */
export function RangePicker({ range, onChange }: RangePickerProps): ReactElement {
  const formats = useFormats();
  const today = formats.day(serverNow());
  return (
    <div className="row">
      <SelectField
        label="Range"
        quiet
        value={range.preset}
        onChange={(event) => {
          onChange({ preset: event.target.value as Preset });
        }}
      >
        {Object.entries(PRESETS).map(([preset, words]) => (
          <option key={preset} value={preset}>
            {words}
          </option>
        ))}
      </SelectField>
      {range.preset === "custom" && (
        <>
          <TextField
            label="First day"
            quiet
            type="date"
            required
            max={today}
            value={range.from}
            onChange={(event) => {
              if (event.target.value !== "") onChange({ from: event.target.value });
            }}
          />
          <span className="faint">to</span>
          <TextField
            label="Last day"
            quiet
            type="date"
            required
            max={today}
            value={range.to}
            onChange={(event) => {
              if (event.target.value !== "") onChange({ to: event.target.value });
            }}
          />
        </>
      )}
    </div>
  );
}
