import { useId, useState, type ReactElement, type SubmitEvent } from "react";
import { fieldError, useApi, useSave } from "../../api/hooks";
import type { AccountView, GroupView, InvitationLink, Role } from "../../api/models";
import { useSession } from "../../app/session";
import { Button } from "../../design/Button";
import { Dialog } from "../../design/Dialog";
import { CheckField, SelectField, TextField } from "../../design/Form";
import { ErrorNotice, Notice } from "../../design/States";
import { draftOf, nameMistake, newAccountOf, ROLES, type AccountDraft } from "./accountDraft";
import { accountPath, ACCOUNTS } from "./paths";

interface AccountDialogProps {
  /** Null: a new one. */
  account: AccountView | null;
  onClose: () => void;
  /** A new account was made: its link is to be shown. */
  onInvited: (name: string, link: InvitationLink) => void;
}

export function AccountDialog({ account, onClose, onInvited }: AccountDialogProps): ReactElement {
  const me = useSession().account;
  const [draft, setDraft] = useState(() => draftOf(account));
  const [mistake, setMistake] = useState<string | undefined>();
  const create = useSave<InvitationLink>([ACCOUNTS]);
  const change = useSave<AccountView>([ACCOUNTS]);
  const form = useId();
  const error = create.error ?? change.error;

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { account: name, role, groups } = newAccountOf(draft);
    if (account !== null) {
      const request = {
        method: "PATCH" as const,
        path: accountPath(account.account),
        body: { role, groups },
      };
      change.mutate(request, { onSuccess: onClose });
      return;
    }
    const wrong = nameMistake(draft);
    setMistake(wrong);
    if (wrong !== undefined) return;
    create.mutate(
      { method: "POST", path: ACCOUNTS, body: { account: name, role, groups } },
      {
        onSuccess: (link) => {
          onInvited(name, link);
        },
      },
    );
  };

  const busy = create.isPending || change.isPending;
  const close = () => {
    // The one-time link that is on its way is told only once.
    if (!busy) onClose();
  };

  return (
    <Dialog
      title={account === null ? "New account" : `Edit ${account.account}`}
      onClose={close}
      foot={
        <>
          <Button onClick={close} disabled={busy}>
            Cancel
          </Button>
          <Button look="primary" type="submit" form={form} busy={busy}>
            {account === null ? "Create" : "Save"}
          </Button>
        </>
      }
    >
      <form id={form} className="stack" noValidate onSubmit={submit}>
        {error !== null && <ErrorNotice error={error} />}
        {account === null && (
          <TextField
            label="Account name"
            hint="What its owner logs in with. Nobody else chooses their password: they do, by a one-time link."
            autoCapitalize="none"
            spellCheck={false}
            data-autofocus
            maxLength={63}
            error={mistake ?? fieldError(error, "account")}
            value={draft.account}
            onChange={(event) => {
              setDraft({ ...draft, account: event.target.value });
              setMistake(undefined);
            }}
          />
        )}
        <SelectField
          label="Role"
          hint={ROLES[draft.role]}
          value={draft.role}
          onChange={(event) => {
            setDraft({ ...draft, role: event.target.value as Role });
          }}
        >
          {Object.keys(ROLES).map((role) => (
            <option key={role} value={role}>
              {role}
            </option>
          ))}
        </SelectField>
        {draft.role === "teacher" && <GroupFields draft={draft} onChange={setDraft} />}
        {account !== null && (
          <Notice>
            <p>
              {account.account === me
                ? "This is your own account: a change logs you out."
                : `A change logs ${account.account} out.`}
            </p>
          </Notice>
        )}
      </form>
    </Dialog>
  );
}

interface GroupFieldsProps {
  draft: AccountDraft;
  onChange: (draft: AccountDraft) => void;
}

function GroupFields({ draft, onChange }: GroupFieldsProps): ReactElement {
  const groups = useApi<GroupView[]>("/api/groups");
  const known = [...new Set([...(groups.data ?? []).map(({ group }) => group), ...draft.groups])].sort();
  return (
    <fieldset className="group-fields">
      <legend className="field__label">Sees the students of</legend>
      {known.length > 0 && (
        <div className="group-fields__known">
          {known.map((group) => (
            <CheckField
              key={group}
              checked={draft.groups.includes(group)}
              onChange={(event) => {
                const others = draft.groups.filter((one) => one !== group);
                onChange({ ...draft, groups: event.target.checked ? [...others, group] : others });
              }}
            >
              {group}
            </CheckField>
          ))}
        </div>
      )}
      <TextField
        label="Further groups"
        hint="That no student is in yet; separated by commas."
        value={draft.otherGroups}
        onChange={(event) => {
          onChange({ ...draft, otherGroups: event.target.value });
        }}
      />
    </fieldset>
  );
}
