import { useState, type ReactElement } from "react";
import { Button } from "../design/Button";
import { useToast } from "../design/toasts";
import { useSession, useSessionState } from "./session";

/** Who is logged in, and the way out. */
export function AccountMenu(): ReactElement {
  const { account, role, groups } = useSession();
  const { logOut } = useSessionState();
  const tell = useToast();
  const [busy, setBusy] = useState(false);
  const leave = async () => {
    setBusy(true);
    try {
      await logOut();
    } catch (error) {
      setBusy(false);
      tell(error instanceof Error ? error.message : String(error), "bad");
    }
  };
  return (
    <div className="account">
      <span className="account__who">
        <b>{account}</b>
        <span className="faint">{groups.length > 0 ? `${role}, ${groups.join(", ")}` : role}</span>
      </span>
      <Button
        look="plain"
        icon="out"
        aria-label="Log out"
        title="Log out"
        busy={busy}
        onClick={() => void leave()}
      />
    </div>
  );
}
