import type { ReactElement, ReactNode } from "react";
import type { SettingsView } from "../../api/models";
import { Badge } from "../../design/Badge";
import { Card, Details } from "../../design/Card";
import { bytes, count } from "../../time/formats";
import { keeping } from "./keeping";

interface CardProps {
  settings: SettingsView;
}

/** A value with the key that sets it. */
function set(value: ReactNode, key: string): ReactNode {
  return (
    <>
      {value} <code className="setting-key">{key}</code>
    </>
  );
}

export function SchoolCard({ settings: { school } }: CardProps): ReactElement {
  return (
    <Card title="School" note="set in central.toml">
      <Details
        rows={[
          ["Name", set(school.name, "[school] name")],
          ["Time zone", set(school.timezone, "[school] timezone")],
          ["Smallest group shown", set(`${school.smallest_group} students`, "[school] smallest_group")],
          [
            "Present for",
            set(`${school.present_seconds} seconds after an observation`, "[school] present_seconds"),
          ],
        ]}
      />
    </Card>
  );
}

export function KeepingCard({ settings: { store } }: CardProps): ReactElement {
  return (
    <Card title="Kept for" note="set in central.toml; what is older is deleted">
      <Details rows={keeping(store).map(({ what, key, value }) => [what, set(value, key)] as const)} />
    </Card>
  );
}

export function ServiceCard({ settings }: CardProps): ReactElement {
  const { store, broker, broker_connected: connected } = settings;
  return (
    <Card title="About">
      <Details
        rows={[
          ["ClassPulse", `version ${settings.version}`],
          [
            "Broker",
            <span key="broker" className="row">
              {broker}
              <Badge tone={connected ? "good" : "bad"} icon={connected ? "check" : "alert"}>
                {connected ? "connected" : "not connected"}
              </Badge>
            </span>,
          ],
          ["Observations", `${count(store.observations)} received, ${count(store.missing)} missing`],
          ["Messages rejected", count(store.rejected)],
          ["Database", bytes(store.bytes)],
        ]}
      />
    </Card>
  );
}
