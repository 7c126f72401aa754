import { useState, type SubmitEvent, type ReactElement } from "react";
import { ApiError } from "../../api/client";
import { useSave } from "../../api/hooks";
import type { SessionView } from "../../api/models";
import { useSessionState } from "../../app/session";
import { Button } from "../../design/Button";
import { TextField } from "../../design/Form";
import { ErrorNotice, Notice } from "../../design/States";
import { duration } from "../../time/formats";
import { Gate } from "./Gate";

export function LoginPage(): ReactElement {
  const { begin } = useSessionState();
  const login = useSave<SessionView>();
  const [account, setAccount] = useState("");
  const [password, setPassword] = useState("");
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    login.mutate(
      { method: "POST", path: "/api/session", body: { account: account.trim(), password } },
      {
        onSuccess: begin,
        onError: () => {
          setPassword("");
        },
      },
    );
  };
  return (
    <Gate
      title="Log in"
      lead="Accounts are made by your school's administrator, who can also let you choose a new password."
    >
      <form onSubmit={submit}>
        {login.error !== null && <Refusal error={login.error} />}
        <TextField
          label="Account"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          value={account}
          onChange={(event) => {
            setAccount(event.target.value);
          }}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => {
            setPassword(event.target.value);
          }}
        />
        <Button look="primary" type="submit" busy={login.isPending}>
          Log in
        </Button>
      </form>
    </Gate>
  );
}

/** Central says the same of an unknown account and a wrong password, and so does this. */
function Refusal({ error }: { error: Error }): ReactElement {
  if (!(error instanceof ApiError)) return <ErrorNotice error={error} />;
  if (error.status === 429) {
    return (
      <Notice tone="bad" title="Too many attempts">
        <p>Wait {error.retryAfter === null ? "a while" : duration(error.retryAfter)}, then try again.</p>
      </Notice>
    );
  }
  if (error.status !== 401) return <ErrorNotice error={error} />;
  return (
    <Notice tone="bad" title="Not logged in">
      <p>The account and the password do not belong together. Check both.</p>
    </Notice>
  );
}
