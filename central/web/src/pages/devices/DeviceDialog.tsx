import type { ReactElement, ReactNode } from "react";
import type { Device } from "../../api/models";
import { useFormats } from "../../app/school";
import { OnlineBadge, SimulatedBadge } from "../../design/Badge";
import { Button } from "../../design/Button";
import { Details } from "../../design/Card";
import { Dialog } from "../../design/Dialog";
import { Empty, Notice } from "../../design/States";
import { Age, Moment } from "../../time/Moment";
import { count } from "../../time/formats";
import { figureGroups, models, version } from "./health";
import { condition } from "./order";

const REJECTED: Record<string, string> = {
  payload: "not understood",
  topic: "on a topic that is none of ours",
  unnumbered: "without time or number",
  future: "dated after today",
  "too-old": "older than what is kept",
  sequence: "with a number that is not believed",
  streams: "of one stream too many",
  erased: "of a student who was erased here",
};

interface DeviceDialogProps {
  device: Device;
  /** Central's time, ms. */
  now: number;
  onClose: () => void;
}

/** All that is known of one device. */
export function DeviceDialog({ device, now, onClose }: DeviceDialogProps): ReactElement {
  return (
    <Dialog title={device.classroom} wide onClose={onClose} foot={<Button onClick={onClose}>Close</Button>}>
      {device.complaints.length > 0 && (
        <Notice tone="warning" title="Needs attention">
          <ul className="plain-list">
            {device.complaints.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </Notice>
      )}
      <Details rows={aboutDevice(device)} />
      <Health device={device} now={now} />
    </Dialog>
  );
}

function aboutDevice(device: Device): [string, ReactNode][] {
  const rejected = Object.entries(device.rejected).map(([reason, times]) => (
    <li key={reason}>
      {count(times)} {REJECTED[reason] ?? reason}
    </li>
  ));
  return [
    ["Status", <DeviceStatus key="status" device={device} />],
    ["Version", version(device.health) ?? "not said"],
    ["Certificate until", <CertificateDay key="certificate" expires={device.certificate_expires} />],
    ["Observations received", count(device.received)],
    ["Missing", `${count(device.missing)} with a number that never came`],
    ["Messages rejected", rejected.length === 0 ? "none" : <ul className="plain-list">{rejected}</ul>],
  ];
}

function DeviceStatus({ device }: { device: Device }): ReactElement {
  return (
    <span className="row">
      <OnlineBadge online={device.online} />
      {device.since !== null && (
        <span>
          since <Moment at={device.since} />
        </span>
      )}
      {device.simulated && <SimulatedBadge />}
    </span>
  );
}

function CertificateDay({ expires }: { expires: string | null }): ReactElement {
  const formats = useFormats();
  if (expires === null)
    return (
      <span className="faint">
        not known: the school&apos;s certificate register does not lie with central
      </span>
    );
  return <>{formats.date(formats.dayStart(expires))}</>;
}

function Health({ device, now }: { device: Device; now: number }): ReactElement {
  const { health, health_at } = device;
  if (health === null || health_at === null) {
    return (
      <Empty title="No health report yet">A device reports when it connects, and every half a minute.</Empty>
    );
  }
  const state = condition(device, now);
  const digests = models(health);
  return (
    <>
      {state !== "online" && (
        <Notice
          tone="warning"
          title={state === "stale" ? "These figures are old" : "Reported before it went offline"}
        >
          <p>
            They are of <Moment at={health_at} />.
          </p>
        </Notice>
      )}
      <div className="device-health">
        {figureGroups(health).map(({ title, figures }) => (
          <section key={title} aria-label={title}>
            <h3>{title}</h3>
            <Details rows={figures.map(({ name, value }) => [name, value] as const)} />
          </section>
        ))}
        {digests.length > 0 && (
          <section aria-label="Models">
            <h3>Models</h3>
            <Details
              rows={digests.map(([name, digest]) => [name, <code key={name}>{digest}</code>] as const)}
            />
          </section>
        )}
      </div>
      <p className="faint device-health__age">
        Reported <Age of={health_at} ago />.
      </p>
    </>
  );
}
