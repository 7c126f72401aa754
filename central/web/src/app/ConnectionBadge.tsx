import type { ReactElement } from "react";
import { Badge } from "../design/Badge";
import type { ConnectionState } from "../live/connection";
import { useConnection } from "../live/live";
import { duration } from "../time/formats";
import { useNow } from "../time/now";

const WORDS: Record<ConnectionState["status"], string> = {
  connecting: "connecting",
  live: "live",
  reconnecting: "reconnecting",
  refused: "not live",
};

/** Whether what is shown is live; if not, how old it is. */
export function ConnectionBadge(): ReactElement {
  const { status, heardAt } = useConnection();
  return (
    <>
      {/* Announced as it changes, without the age that counts. */}
      <span className="visually-hidden" role="status">
        Live picture: {WORDS[status]}
      </span>
      <span aria-hidden="true">
        {status === "live" ? (
          <Badge tone="good">
            <span className="pulse" />
            live
          </Badge>
        ) : (
          <Badge tone={status === "connecting" ? "plain" : "warning"} icon="refresh">
            {WORDS[status]}
            {heardAt !== null && <PictureAge heardAt={heardAt} />}
          </Badge>
        )}
      </span>
    </>
  );
}

function PictureAge({ heardAt }: { heardAt: string }): ReactElement {
  const now = useNow();
  return <>: the picture is {duration((now - Date.parse(heardAt)) / 1000)} old</>;
}
