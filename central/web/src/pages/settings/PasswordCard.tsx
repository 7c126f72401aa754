import { useState, type ReactElement, type SubmitEvent } from "react";
import { fieldError, useSave } from "../../api/hooks";
import type { SessionView } from "../../api/models";
import { PASSWORD_HINT, SHORTEST_PASSWORD } from "../../app/password";
import { useSession, useSessionState } from "../../app/session";
import { Button } from "../../design/Button";
import { Card } from "../../design/Card";
import { TextField } from "../../design/Form";
import { ErrorNotice } from "../../design/States";
import { useToast } from "../../design/toasts";

const EMPTY = { current: "", new: "", again: "" };
type Key = keyof typeof EMPTY;

export function PasswordCard(): ReactElement {
  const { account } = useSession();
  const { begin } = useSessionState();
  const [draft, setDraft] = useState(EMPTY);
  const [differs, setDiffers] = useState(false);
  const change = useSave<SessionView>();
  const tell = useToast();

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setDiffers(draft.new !== draft.again);
    if (draft.new !== draft.again) return;
    change.mutate(
      { method: "POST", path: "/api/session/password", body: { current: draft.current, new: draft.new } },
      {
        onSuccess: (session) => {
          begin(session);
          setDraft(EMPTY);
          tell("The password is changed; everywhere else this account is logged out.");
        },
      },
    );
  };
  const wired = (key: Key) => ({
    type: "password",
    required: true,
    value: draft[key],
    onChange: (event: { target: { value: string } }) => {
      setDraft({ ...draft, [key]: event.target.value });
    },
  });
  const refused = { current: fieldError(change.error, "current"), new: fieldError(change.error, "new") };
  const named = refused.current !== undefined || refused.new !== undefined;

  return (
    <Card title="Your password">
      <form className="stack" onSubmit={submit}>
        {change.error !== null && !named && <ErrorNotice error={change.error} />}
        <input type="hidden" name="username" autoComplete="username" value={account} readOnly />
        <TextField
          label="Current password"
          autoComplete="current-password"
          error={refused.current}
          {...wired("current")}
        />
        <TextField
          label="New password"
          autoComplete="new-password"
          hint={PASSWORD_HINT}
          minLength={SHORTEST_PASSWORD}
          error={refused.new}
          {...wired("new")}
        />
        <TextField
          label="The new one again"
          autoComplete="new-password"
          error={differs ? "The two differ." : undefined}
          {...wired("again")}
        />
        <div>
          <Button type="submit" look="primary" busy={change.isPending}>
            Change password
          </Button>
        </div>
      </form>
    </Card>
  );
}
