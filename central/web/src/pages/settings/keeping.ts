import type { SettingsView } from "../../api/models";
import { count } from "../../time/formats";

interface Kept {
  what: string;
  key: string;
  value: string;
}

/** For how long each resolution is kept, with the key of central.toml that says so. */
export function keeping(store: SettingsView["store"]): Kept[] {
  return [
    { what: "Single observations", key: "[store] keep_days", value: days(store.keep_days) },
    { what: "Minutes", key: "[store] keep_minutes_days", value: days(store.keep_minutes_days) },
    { what: "Hours", key: "[store] keep_hours_days", value: days(store.keep_hours_days) },
    { what: "Days", key: "[store] keep_days_days", value: days(store.keep_days_days) },
  ];
}

/** With the years beside it where they are what one thinks in. */
export function days(amount: number): string {
  const whole = `${count(amount)} day${amount === 1 ? "" : "s"}`;
  return amount < 730 ? whole : `${whole} (about ${Math.round(amount / 365)} years)`;
}
