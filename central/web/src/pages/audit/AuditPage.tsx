import { useRef, useState, type ReactElement, type SubmitEvent } from "react";
import { useSearchParams } from "react-router";
import { address } from "../../api/client";
import type { AuditEntry } from "../../api/models";
import { usePages } from "../../api/pages";
import { Button, DownloadLink } from "../../design/Button";
import { TextField } from "../../design/Form";
import { More } from "../../design/More";
import { Page } from "../../design/Page";
import { Empty, Loaded, Notice } from "../../design/States";
import { AuditTable } from "./AuditTable";
import "../../design/lists.css";
import "./audit.css";

const KEYS = ["account", "action", "subject"] as const;
export type AuditFilter = Record<(typeof KEYS)[number], string>;

export default function AuditPage(): ReactElement {
  const [params, setParams] = useSearchParams();
  const filter = Object.fromEntries(KEYS.map((key) => [key, params.get(key) ?? ""])) as AuditFilter;
  const choose = (next: AuditFilter) => {
    setParams(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== "")));
  };
  return (
    <Page
      title="Audit"
      lead="Who looked at whom, and who changed what."
      actions={<DownloadLink href={address("/api/audit.csv", filter)}>CSV</DownloadLink>}
    >
      <Notice>
        <p>
          Entries are only ever added. Each holds a hash of the one before, so that none can be changed or
          taken out unnoticed: <code>sudo classpulse-central audit verify</code> checks the chain.
        </p>
      </Notice>
      <section className="card" aria-label="Entries">
        <Filters filter={filter} onChange={choose} />
        <Entries filter={filter} onChange={choose} />
      </section>
    </Page>
  );
}

interface FilterProps {
  filter: AuditFilter;
  onChange: (filter: AuditFilter) => void;
}

function Filters({ filter, onChange }: FilterProps): ReactElement {
  const [draft, setDraft] = useState(filter);
  const [before, setBefore] = useState(filter);
  const form = useRef<HTMLFormElement>(null);
  // Chosen in the table, or by the browser's back button: a new key would do, and take the focus away.
  if (KEYS.some((key) => before[key] !== filter[key])) {
    setBefore(filter);
    setDraft(filter);
  }
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    onChange({ account: draft.account.trim(), action: draft.action.trim(), subject: draft.subject.trim() });
  };
  const field = (key: keyof AuditFilter, label: string, placeholder: string) => (
    <TextField
      label={label}
      quiet
      placeholder={placeholder}
      spellCheck={false}
      autoCapitalize="none"
      maxLength={64}
      value={draft[key]}
      onChange={(event) => {
        setDraft({ ...draft, [key]: event.target.value });
      }}
    />
  );
  const active = KEYS.some((key) => filter[key] !== "");
  return (
    <form ref={form} className="filters" role="search" onSubmit={submit}>
      {field("account", "Account", "Account")}
      {field("action", "Action", "Action: student.view")}
      {field("subject", "About", "About: s-042")}
      <Button type="submit" icon="search">
        Filter
      </Button>
      {active && (
        <Button
          look="plain"
          onClick={() => {
            onChange({ account: "", action: "", subject: "" });
            form.current?.querySelector("input")?.focus(); // this button goes
          }}
        >
          Show all
        </Button>
      )}
    </form>
  );
}

function Entries({ filter, onChange }: FilterProps): ReactElement {
  const entries = usePages<AuditEntry>("/api/audit", filter);
  return (
    <Loaded of={entries} what="Loading entries">
      {({ items }) =>
        items.length === 0 ? (
          <Empty icon="log" title="No matching entries">
            Account, action and subject must be written exactly as in the log.
          </Empty>
        ) : (
          <>
            <AuditTable
              entries={items}
              onPick={(key, value) => {
                onChange({ ...filter, [key]: value });
              }}
            />
            <More of={entries} things="entries" />
          </>
        )
      }
    </Loaded>
  );
}
