import { useEffect, type ReactElement, type ReactNode } from "react";
import { Mark } from "../../design/Mark";
import { Badge } from "../../design/Badge";
import { ThemeSwitch } from "../../app/ThemeSwitch";
import "./gate.css";

/** What is shown before anybody is in: one card in the middle. */
export function Gate({
  title,
  lead,
  wide = false,
  children,
}: {
  title: string;
  lead?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}): ReactElement {
  useEffect(() => {
    document.title = `${title} · ClassPulse`;
  }, [title]);
  return (
    <div className="gate">
      <div className="gate__corner">
        <ThemeSwitch />
      </div>
      <main className={wide ? "gate__card gate__card--wide" : "gate__card"}>
        <p className="gate__brand">
          <Mark />
          ClassPulse <Badge>expression telemetry</Badge>
        </p>
        <h1>{title}</h1>
        {lead !== undefined && <p className="muted">{lead}</p>}
        {children}
      </main>
    </div>
  );
}
