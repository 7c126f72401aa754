import type { ReactElement, ReactNode } from "react";
import type { Device } from "../../api/models";
import { useFormats } from "../../app/school";
import { Badge, OnlineBadge, SimulatedBadge } from "../../design/Badge";
import { Icon } from "../../design/Icon";
import { Table, type Column } from "../../design/Table";
import { Age, Moment } from "../../time/Moment";
import { count, duration } from "../../time/formats";
import { number, version } from "./health";
import { condition, daysUntil, rejectedTotal } from "./order";

interface DeviceTableProps {
  devices: readonly Device[];
  /** Central's time, ms. */
  now: number;
  onOpen: (classroom: string) => void;
}

/** From here on a certificate is named in colour, as `pki list` does. */
const SOON_DAYS = 30;

export function DeviceTable({ devices, now, onOpen }: DeviceTableProps): ReactElement {
  const formats = useFormats();
  const healthFigure = (
    id: string,
    header: string,
    text: (health: Device["health"]) => ReactNode,
    key?: string,
  ) => ({
    id,
    header,
    end: true,
    minor: true,
    cell: (device: Device) => (
      // What a device said before it went may not be so any more.
      <span className={condition(device, now) === "online" ? "device-figure" : "device-figure faint"}>
        {text(device.health) ?? "–"}
      </span>
    ),
    ...(key === undefined ? {} : { sort: (device: Device) => number(device.health, key) }),
  });
  const columns: Column<Device>[] = [
    {
      id: "classroom",
      header: "Classroom",
      sort: (device) => device.classroom,
      cell: (device) => <Name device={device} onOpen={onOpen} />,
    },
    { id: "status", header: "Status", cell: (device) => <Status device={device} now={now} /> },
    { id: "complaints", header: "Needs attention", cell: (device) => <Complaints of={device.complaints} /> },
    healthFigure("version", "Version", version),
    healthFigure("temperature", "Temperature", temperature, "temperature_celsius"),
    healthFigure("spool", "Waiting", waiting, "spool_depth"),
    {
      id: "missing",
      header: "Missing",
      end: true,
      minor: true,
      sort: (device) => device.missing,
      cell: (device) => (
        <span className="device-figure">
          {count(device.missing)}
          {rejectedTotal(device) > 0 && (
            <span className="faint"> {count(rejectedTotal(device))} rejected</span>
          )}
        </span>
      ),
    },
    {
      id: "certificate",
      header: "Certificate",
      end: true,
      minor: true,
      sort: (device) => device.certificate_expires,
      cell: (device) => <Certificate expires={device.certificate_expires} today={formats.day(now)} />,
    },
  ];
  return (
    <div className="device-table">
      <Table
        caption="Devices by classroom"
        rows={devices}
        rowKey={(device) => device.classroom}
        columns={columns}
      />
    </div>
  );
}

function temperature(health: Device["health"]): string | null {
  const celsius = number(health, "temperature_celsius");
  return celsius === null ? null : `${Math.round(celsius)} °C`;
}

function waiting(health: Device["health"]): ReactNode {
  const depth = number(health, "spool_depth");
  const oldest = number(health, "spool_oldest_seconds");
  if (depth === null) return null;
  if (depth === 0 || oldest === null) return count(depth);
  return (
    <>
      {count(depth)} <span className="faint">for {duration(oldest)}</span>
    </>
  );
}

interface NameProps {
  device: Device;
  onOpen: (classroom: string) => void;
}

function Name({ device, onOpen }: NameProps): ReactElement {
  return (
    <span className="device-name">
      <button
        type="button"
        className="link-button"
        aria-haspopup="dialog"
        onClick={() => {
          onOpen(device.classroom);
        }}
      >
        {device.classroom}
      </button>
      {device.simulated && <SimulatedBadge />}
    </span>
  );
}

function Status({ device, now }: { device: Device; now: number }): ReactElement {
  return (
    <span className="device-status">
      <OnlineBadge online={device.online} />
      {condition(device, now) === "stale" && device.health_at !== null && (
        <Badge tone="warning" icon="alert">
          <span className="device-status__word">figures</span> <Age of={device.health_at} /> old
        </Badge>
      )}
      {device.since !== null && (
        <span className="device-status__since faint">
          since <Moment at={device.since} />
        </span>
      )}
    </span>
  );
}

function Complaints({ of }: { of: readonly string[] }): ReactElement {
  const [worst, ...others] = of;
  if (worst === undefined) return <span className="faint">nothing</span>;
  return (
    <span className="device-complaint">
      <Icon name="alert" />
      <span>
        {worst}
        {others.length > 0 && <span className="faint"> and {others.length} more</span>}
      </span>
    </span>
  );
}

function Certificate({ expires, today }: { expires: string | null; today: string }): ReactElement {
  const formats = useFormats();
  if (expires === null) return <span className="faint">not known</span>;
  const left = daysUntil(expires, today);
  const day = formats.date(formats.dayStart(expires));
  if (left > SOON_DAYS) return <span className="nowrap">{day}</span>;
  return (
    <Badge tone={left < 0 ? "bad" : "warning"} icon="alert">
      {left < 0 ? "expired " : ""}
      {day}
    </Badge>
  );
}
