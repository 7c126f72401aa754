import { useState, type ReactElement } from "react";
import { useSave } from "../../api/hooks";
import type { SessionView } from "../../api/models";
import { useSessionState } from "../../app/session";
import { useLogOut } from "../../app/useLogOut";
import { Button } from "../../design/Button";
import { CheckField } from "../../design/Form";
import { ErrorNotice } from "../../design/States";
import { Gate } from "../login/Gate";
import { NoteText } from "./NoteText";

/** Shown once to each account, before anything else. */
export function AcceptNotePage(): ReactElement {
  const { begin } = useSessionState();
  const { leave, busy } = useLogOut();
  const accept = useSave<SessionView>();
  const [read, setRead] = useState(false);
  return (
    <Gate
      title="Before you begin"
      lead="Please read this; it is asked once, and can be read again wherever labels are shown."
      wide
    >
      <NoteText />
      {accept.error !== null && <ErrorNotice error={accept.error} />}
      <CheckField
        checked={read}
        onChange={(event) => {
          setRead(event.target.checked);
        }}
      >
        I have read this. I will not treat a label as a feeling, nor base a decision about a student on it.
      </CheckField>
      <div className="row">
        <Button
          look="primary"
          disabled={!read}
          busy={accept.isPending}
          onClick={() => {
            accept.mutate({ method: "POST", path: "/api/session/legal-note" }, { onSuccess: begin });
          }}
        >
          Continue
        </Button>
        <Button look="plain" busy={busy} onClick={leave}>
          Log out
        </Button>
      </div>
    </Gate>
  );
}
