import type { ReactElement, ReactNode } from "react";
import "./surfaces.css";
import { Icon, type IconName } from "./Icon";

export type Tone = "plain" | "good" | "warning" | "bad" | "accent" | "outline";

export function Badge({
  tone = "plain",
  icon,
  children,
}: {
  tone?: Tone;
  icon?: IconName;
  children: ReactNode;
}): ReactElement {
  return (
    <span className={tone === "plain" ? "badge" : `badge badge--${tone}`}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </span>
  );
}

/** Marks a classroom that `classpulse-central simulate` plays. */
export function SimulatedBadge(): ReactElement {
  return <Badge tone="outline">simulated</Badge>;
}

/** Whether a device is connected; null: it was never heard of. */
export function OnlineBadge({ online }: { online: boolean | null }): ReactElement {
  if (online === null) return <Badge icon="info">never seen</Badge>;
  return online ? (
    <Badge tone="good" icon="check">
      online
    </Badge>
  ) : (
    <Badge tone="bad" icon="close">
      offline
    </Badge>
  );
}
