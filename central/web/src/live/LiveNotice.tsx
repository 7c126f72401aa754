import type { ReactElement } from "react";
import { useFormats } from "../app/school";
import { Notice } from "../design/States";
import { duration } from "../time/formats";
import { useNow } from "../time/now";
import { useConnection } from "./live";

/** Shorter breaks are nobody's business. */
const WORTH_SAYING_S = 10;

/** Says so where the live picture is not live; nothing while it is. */
export function LiveNotice(): ReactElement | null {
  const { status, heardAt } = useConnection();
  const { timeSeconds } = useFormats();
  const now = useNow();
  if (status === "live") return null;
  if (status === "refused") {
    return (
      <Notice tone="warning" title="Not live">
        <p>
          Central does not send the live picture to this account. Log in again; if that does not help, ask an
          admin.
        </p>
      </Notice>
    );
  }
  if (heardAt === null) return null;
  const age = (now - Date.parse(heardAt)) / 1000;
  if (age < WORTH_SAYING_S) return null;
  return (
    <Notice tone="warning" title="Not live">
      <p>
        This is the picture of {timeSeconds(heardAt)}, {duration(age)} old. Central cannot be reached; the
        page reconnects by itself.
      </p>
    </Notice>
  );
}
