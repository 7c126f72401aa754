import { useState, type ReactElement } from "react";
import { useApi, useSave } from "../../api/hooks";
import type { AccountView, InvitationLink } from "../../api/models";
import { Button } from "../../design/Button";
import { Card } from "../../design/Card";
import { Loaded } from "../../design/States";
import { useToast } from "../../design/toasts";
import { AccountDialog } from "./AccountDialog";
import { AccountTable, type AccountTask } from "./AccountTable";
import { LinkDialog } from "./LinkDialog";
import { accountPath, ACCOUNTS } from "./paths";
import { RemoveDialog } from "./RemoveDialog";

type Open =
  | { dialog: "new" }
  | { dialog: "edit" | "remove"; account: AccountView }
  | { dialog: "link"; name: string; link: InvitationLink }
  | null;

/** Who may log in: for admins. */
export function AccountsCard(): ReactElement {
  const accounts = useApi<AccountView[]>(ACCOUNTS);
  const [open, setOpen] = useState<Open>(null);
  const invite = useSave<InvitationLink>([ACCOUNTS]);
  const lock = useSave<AccountView>([ACCOUNTS]);
  const tell = useToast();
  const close = () => {
    setOpen(null);
  };
  const failed = (error: Error) => {
    tell(error.message, "bad");
  };
  const start = (task: AccountTask, account: AccountView) => {
    if (task === "edit" || task === "remove") setOpen({ dialog: task, account });
    if (task === "lock") {
      const said = account.locked ? "may log in again" : "is locked and logged out";
      lock.mutate(
        { method: "PATCH", path: accountPath(account.account), body: { locked: !account.locked } },
        {
          onSuccess: () => {
            tell(`${account.account} ${said}.`);
          },
          onError: failed,
        },
      );
    }
    if (task === "invite") {
      invite.mutate(
        { method: "POST", path: `${accountPath(account.account)}/invitation` },
        {
          onSuccess: (link) => {
            setOpen({ dialog: "link", name: account.account, link });
          },
          onError: failed,
        },
      );
    }
  };

  return (
    <Card
      title="Accounts"
      note="who may log in, and see whom"
      flush
      actions={
        <Button
          icon="plus"
          look="primary"
          onClick={() => {
            setOpen({ dialog: "new" });
          }}
        >
          New account
        </Button>
      }
    >
      <Loaded of={accounts} what="Loading accounts">
        {(answer) => (
          <AccountTable accounts={answer} busy={lock.isPending || invite.isPending} onTask={start} />
        )}
      </Loaded>
      {open?.dialog === "new" && (
        <AccountDialog
          account={null}
          onClose={close}
          onInvited={(name, link) => {
            setOpen({ dialog: "link", name, link });
          }}
        />
      )}
      {open?.dialog === "edit" && <AccountDialog account={open.account} onClose={close} onInvited={close} />}
      {open?.dialog === "remove" && <RemoveDialog account={open.account} onClose={close} />}
      {open?.dialog === "link" && <LinkDialog name={open.name} link={open.link} onClose={close} />}
    </Card>
  );
}
