import type { ReactElement } from "react";
import type { AccountView } from "../../api/models";
import { useSession } from "../../app/session";
import { Badge } from "../../design/Badge";
import { Button } from "../../design/Button";
import { Table } from "../../design/Table";
import { Moment } from "../../time/Moment";
import "../../design/lists.css";

export type AccountTask = "edit" | "invite" | "lock" | "remove";

interface AccountTableProps {
  accounts: readonly AccountView[];
  busy: boolean;
  onTask: (task: AccountTask, account: AccountView) => void;
}

export function AccountTable({ accounts, busy, onTask }: AccountTableProps): ReactElement {
  const me = useSession().account;
  return (
    <Table
      caption="List of accounts"
      rows={accounts}
      rowKey={(row) => row.account}
      columns={[
        {
          id: "account",
          header: "Account",
          cell: (row) => (
            <span className="row">
              {row.account}
              {row.account === me && <Badge tone="accent">you</Badge>}
            </span>
          ),
          sort: (row) => row.account,
        },
        { id: "role", header: "Role", cell: (row) => <Sees account={row} />, sort: (row) => row.role },
        { id: "state", header: "State", cell: (row) => <State of={row} /> },
        {
          id: "login",
          header: "Last login",
          minor: true,
          cell: (row) =>
            row.last_login === null ? <span className="faint">never</span> : <Moment at={row.last_login} />,
          sort: (row) => row.last_login,
        },
        {
          id: "do",
          header: "Actions",
          end: true,
          cell: (row) => <Actions account={row} busy={busy} onTask={onTask} />,
        },
      ]}
    />
  );
}

function Sees({ account: { role, groups } }: { account: AccountView }): ReactElement {
  const whom = { admin: "all students", teacher: groups.join(", "), technician: "devices only" }[role];
  return (
    <span className="account-sees">
      {role}
      {whom === "" ? (
        <Badge tone="warning">no group: sees nobody</Badge>
      ) : (
        <span className="faint">{whom}</span>
      )}
    </span>
  );
}

function State({ of }: { of: AccountView }): ReactElement {
  if (of.locked) return <Badge tone="bad">locked</Badge>;
  if (of.invited_until !== null) {
    return (
      <Badge tone="accent">
        invited until <Moment at={of.invited_until} />
      </Badge>
    );
  }
  return of.active ? <Badge tone="good">active</Badge> : <Badge tone="warning">invitation expired</Badge>;
}

function Actions({ account, busy, onTask }: { account: AccountView } & Omit<AccountTableProps, "accounts">) {
  const act = (task: AccountTask, words: string) => (
    <Button
      look="plain"
      busy={busy}
      aria-label={`${words} ${account.account}`}
      onClick={() => {
        onTask(task, account);
      }}
    >
      {words}
    </Button>
  );
  return (
    <span className="row-actions row-actions--wrap">
      {act("edit", "Edit")}
      {!account.locked && act("invite", "New link")}
      {act("lock", account.locked ? "Unlock" : "Lock")}
      {act("remove", "Remove")}
    </span>
  );
}
