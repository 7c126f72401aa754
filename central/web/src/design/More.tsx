import type { ReactElement } from "react";
import type { Pages } from "../api/pages";
import { count } from "../time/formats";
import { Button } from "./Button";
import "./more.css";

/** Below a list of `usePages`: how much of it is shown, and a button for more. */
export function More<Item>({ of, things }: { of: Pages<Item>; things: string }): ReactElement | null {
  if (of.data === undefined) return null;
  const { items, total } = of.data;
  return (
    <div className="more">
      <span className="faint" role="status">
        {count(items.length)} of {count(total)} {things}
      </span>
      {of.more !== null && (
        <Button onClick={of.more} busy={of.loadingMore}>
          Show more
        </Button>
      )}
    </div>
  );
}
