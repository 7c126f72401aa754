export const ACCOUNTS = "/api/accounts";

export function accountPath(account: string): string {
  return `${ACCOUNTS}/${encodeURIComponent(account)}`;
}
