import type { ReactElement } from "react";
import { Button } from "../design/Button";
import { useSession } from "./session";
import { useLogOut } from "./useLogOut";

/** Who is logged in, and the way out. */
export function AccountMenu(): ReactElement {
  const { account, role, groups } = useSession();
  const { leave, busy } = useLogOut();
  return (
    <div className="account">
      <span className="account__who">
        <b>{account}</b>
        <span className="faint">{groups.length > 0 ? `${role}, ${groups.join(", ")}` : role}</span>
      </span>
      <Button look="plain" icon="out" aria-label="Log out" title="Log out" busy={busy} onClick={leave} />
    </div>
  );
}
