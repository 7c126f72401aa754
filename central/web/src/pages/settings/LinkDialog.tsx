import { useRef, useState, type ReactElement } from "react";
import type { InvitationLink } from "../../api/models";
import { useFormats } from "../../app/school";
import { Button } from "../../design/Button";
import { Dialog } from "../../design/Dialog";
import { TextField } from "../../design/Form";
import { Notice } from "../../design/States";

interface LinkDialogProps {
  name: string;
  link: InvitationLink;
  onClose: () => void;
}

/** The one-time link, the only time that it is shown. */
export function LinkDialog({ name, link, onClose }: LinkDialogProps): ReactElement {
  const formats = useFormats();
  const frame = useRef<HTMLDivElement>(null);
  const [copied, setCopied] = useState<boolean | null>(null);
  const address = new URL(link.path, location.origin).href;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(address);
      setCopied(true);
    } catch {
      frame.current?.querySelector("input")?.select();
      setCopied(false);
    }
  };
  return (
    <Dialog
      title={`A link for ${name}`}
      onClose={onClose}
      foot={
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <p>
        Hand it to its owner in a way that nobody else sees. It works once, until{" "}
        {formats.full(link.expires_at)}, and lets whoever has it choose the password.
      </p>
      <div ref={frame} className="link-copy">
        <TextField
          label="One-time link"
          readOnly
          value={address}
          onFocus={(event) => {
            event.target.select();
          }}
        />
        <Button icon="copy" data-autofocus onClick={() => void copy()}>
          Copy
        </Button>
      </div>
      <p role="status" className="faint">
        {copied === true && "Copied."}
        {copied === false && "The browser does not let it be copied: it is selected, press Ctrl+C."}
      </p>
      <Notice tone="warning">
        <p>It is not shown again. If it is lost, make a new one; this one then no longer works.</p>
      </Notice>
    </Dialog>
  );
}
