import { useRef, useState, type DragEvent, type ReactElement } from "react";
import { Button } from "../../design/Button";

/** Central takes no more. */
const MOST_MEBIBYTES = 4;

interface CsvPickerProps {
  /** The name of the file that was read. */
  name: string | null;
  onText: (name: string, text: string) => void;
  onMistake: (text: string) => void;
}

/** A file by the chooser or dropped, read as UTF-8. */
export function CsvPicker({ name, onText, onMistake }: CsvPickerProps): ReactElement {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);

  const read = async (file: File | undefined) => {
    if (file === undefined) return;
    if (file.size > MOST_MEBIBYTES * 2 ** 20) {
      onMistake(`${file.name} is larger than ${MOST_MEBIBYTES} MiB: split it.`);
      return;
    }
    const text = await textOf(file);
    if (text === null)
      onMistake(`${file.name} is not UTF-8 text: in the spreadsheet, save it as "CSV UTF-8".`);
    else onText(file.name, text);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void read(event.dataTransfer.files[0]);
  };

  return (
    // The button inside does the same by keyboard.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className={over ? "csv-drop csv-drop--over" : "csv-drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => {
        setOver(false);
      }}
      onDrop={drop}
    >
      <input
        ref={input}
        type="file"
        accept=".csv,text/csv"
        className="visually-hidden"
        tabIndex={-1}
        aria-label="CSV file"
        onChange={(event) => {
          void read(event.target.files?.[0]);
          event.target.value = ""; // so that the same file, mended, can be chosen again
        }}
      />
      <Button icon="upload" onClick={() => input.current?.click()}>
        {name === null ? "Choose a CSV file" : "Choose another"}
      </Button>
      <span className="faint">{name ?? "or drop it here"}</span>
    </div>
  );
}

/** Null: it is not UTF-8. */
async function textOf(file: File): Promise<string | null> {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
