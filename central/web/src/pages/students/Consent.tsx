import type { ReactElement } from "react";
import type { StudentView } from "../../api/models";
import { useFormats } from "../../app/school";
import { Badge } from "../../design/Badge";

/** Until when the consent is given. Expired: the student must be forgotten on the devices, or ask again. */
export function Consent({ of }: { of: StudentView }): ReactElement {
  const formats = useFormats();
  if (of.consent_expires === null) return <span>no end</span>;
  const day = formats.date(formats.dayStart(of.consent_expires));
  if (of.consent_expired) {
    return (
      <Badge tone="bad" icon="alert">
        expired {day}
      </Badge>
    );
  }
  return <span className="nowrap">until {day}</span>;
}
