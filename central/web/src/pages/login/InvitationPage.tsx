import { useState, type SubmitEvent, type ReactElement } from "react";
import { useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate } from "react-router";
import { ApiError, client } from "../../api/client";
import { fieldError, useSave } from "../../api/hooks";
import type { InvitedAccount, SessionView } from "../../api/models";
import { PASSWORD_HINT, SHORTEST_PASSWORD } from "../../app/password";
import { useSessionState } from "../../app/session";
import { Button, ButtonLink } from "../../design/Button";
import { TextField } from "../../design/Form";
import { ErrorNotice, Loaded, Notice } from "../../design/States";
import { Gate } from "./Gate";

/** A one-time link: `/invitation#TOKEN`. The token stays behind the #, where no server and no log sees it. */
export function InvitationPage(): ReactElement {
  const token = useLocation().hash.slice(1);
  const invited = useQuery({
    queryKey: ["/api/invitation", token],
    queryFn: () =>
      client.request<InvitedAccount>("GET", "/api/invitation", { headers: { "x-invitation": token } }),
    enabled: token !== "",
    retry: false,
    staleTime: Infinity,
  });
  const unknown = invited.error instanceof ApiError && invited.error.status === 404;
  if (token === "" || unknown) {
    return (
      <Gate title="Invitation">
        <Notice tone="bad" title="This invitation cannot be used">
          <p>
            {invited.error?.message ?? "The address is not complete: the part after # is missing."} Ask your
            school&rsquo;s administrator for a new one.
          </p>
        </Notice>
        <ButtonLink to="/">To the login</ButtonLink>
      </Gate>
    );
  }
  return (
    <Gate title="Choose a password">
      <Loaded of={invited}>{(account) => <PasswordForm token={token} invited={account} />}</Loaded>
    </Gate>
  );
}

function PasswordForm({ token, invited }: { token: string; invited: InvitedAccount }): ReactElement {
  const { begin } = useSessionState();
  const navigate = useNavigate();
  const accept = useSave<SessionView>();
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [mistake, setMistake] = useState<"short" | "differs" | null>(null);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const wrong = password.length < SHORTEST_PASSWORD ? "short" : password === again ? null : "differs";
    setMistake(wrong);
    if (wrong !== null) return;
    accept.mutate(
      { method: "POST", path: "/api/invitation", body: { token, password } },
      {
        onSuccess: (session) => {
          begin(session);
          void navigate("/", { replace: true });
        },
      },
    );
  };
  const refused = fieldError(accept.error, "password");
  return (
    <form onSubmit={submit}>
      <p>
        For the account <b>{invited.account}</b> ({invited.role}).
      </p>
      {accept.error !== null && refused === undefined && <ErrorNotice error={accept.error} />}
      <input type="hidden" name="username" autoComplete="username" value={invited.account} readOnly />
      <TextField
        label="Password"
        type="password"
        autoComplete="new-password"
        required
        hint={PASSWORD_HINT}
        error={mistake === "short" ? `It must have at least ${SHORTEST_PASSWORD} characters.` : refused}
        value={password}
        onChange={(event) => {
          setPassword(event.target.value);
        }}
      />
      <TextField
        label="The same again"
        type="password"
        autoComplete="new-password"
        required
        error={mistake === "differs" ? "The two differ." : undefined}
        value={again}
        onChange={(event) => {
          setAgain(event.target.value);
        }}
      />
      <Button look="primary" type="submit" busy={accept.isPending}>
        Choose this password
      </Button>
    </form>
  );
}
