import type { AccountView, NewAccount, Role } from "../../api/models";

export interface AccountDraft {
  account: string;
  role: Role;
  /** Of a teacher; kept while another role is tried out. */
  groups: readonly string[];
  /** Groups that nobody is in yet, separated by commas. */
  otherGroups: string;
}

export const ROLES: Record<Role, string> = {
  admin: "sees all students, and may change, import and erase them; makes accounts",
  teacher: "sees the students of their own groups, and changes nothing",
  technician: "sees the devices; no students and no expressions",
};
/** As `central.accounts.directory.NAME` has it. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

export function draftOf(account: AccountView | null): AccountDraft {
  return {
    account: account?.account ?? "",
    role: account?.role ?? "teacher",
    groups: account?.groups ?? [],
    otherGroups: "",
  };
}

/** What is sent: only teachers have groups. */
export function newAccountOf(draft: AccountDraft): Required<NewAccount> {
  const others = draft.otherGroups.split(",").map((group) => group.trim());
  const groups = [...new Set([...draft.groups, ...others.filter((group) => group !== "")])].sort();
  return { account: draft.account.trim(), role: draft.role, groups: draft.role === "teacher" ? groups : [] };
}

export function nameMistake(draft: AccountDraft): string | undefined {
  if (NAME.test(draft.account.trim())) return undefined;
  return "Lower-case letters, digits, dots, underscores and hyphens, at most 63, a letter or digit first: a.smith.";
}
