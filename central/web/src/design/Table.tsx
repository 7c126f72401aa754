import { useMemo, useState, type ReactElement, type ReactNode } from "react";
import { byName } from "../names";
import { Icon } from "./Icon";
import "./table.css";

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** By what the column sorts; left out: it does not. Nulls come last. */
  sort?: (row: Row) => string | number | null;
  /** Figures stand at the end. */
  end?: boolean;
  /** Names the row to screen readers; the first column if none says so. */
  names?: boolean;
  /** Left out where there is little room. */
  minor?: boolean;
}

interface TableProps<Row> {
  /** Says what the table lists; for screen readers. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
  sortedBy?: string;
  /** Largest first. */
  descending?: boolean;
}

export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
  sortedBy,
  descending: falling = false,
}: TableProps<Row>): ReactElement {
  const [by, setBy] = useState(sortedBy);
  const [descending, setDescending] = useState(falling);
  const key = columns.find((column) => column.id === by)?.sort;
  const sorted = useMemo(
    () => (key === undefined ? rows : rows.toSorted(order(key, descending))),
    [rows, key, descending],
  );
  const naming = columns.find((column) => column.names)?.id ?? columns[0]?.id;
  return (
    // Scrolls sideways, so the keyboard has to reach it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-frame" role="region" aria-label={caption} tabIndex={0}>
      <table className="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                className={look(column)}
                aria-sort={column.id !== by ? undefined : descending ? "descending" : "ascending"}
              >
                {column.sort === undefined ? (
                  column.header
                ) : (
                  <button
                    type="button"
                    className="table__sort"
                    onClick={() => {
                      setDescending(column.id === by ? !descending : false);
                      setBy(column.id);
                    }}
                  >
                    {column.header}
                    <Icon name="chevron" />
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) =>
                column.id === naming ? (
                  <th key={column.id} scope="row" className={look(column)}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.id} className={look(column)}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function look<Row>(column: Column<Row>): string | undefined {
  return [column.end ? "end" : "", column.minor ? "minor" : ""].filter(Boolean).join(" ") || undefined;
}

function order<Row>(key: (row: Row) => string | number | null, descending: boolean) {
  const sign = descending ? -1 : 1;
  return (left: Row, right: Row): number => {
    const [a, b] = [key(left), key(right)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return sign * byName(String(a), String(b));
  };
}
