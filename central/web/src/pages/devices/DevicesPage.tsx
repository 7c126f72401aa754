import { useState, type ReactElement } from "react";
import { useSearchParams } from "react-router";
import { useApi } from "../../api/hooks";
import type { Device } from "../../api/models";
import { Figure, Figures } from "../../design/Card";
import { Segments } from "../../design/Form";
import { Page } from "../../design/Page";
import { Empty, Loaded } from "../../design/States";
import { useNow } from "../../time/now";
import { DeviceDialog } from "./DeviceDialog";
import { DeviceTable } from "./DeviceTable";
import { condition, inOrder } from "./order";
import "../../design/lists.css";
import "./devices.css";

export default function DevicesPage(): ReactElement {
  const devices = useApi<Device[]>("/api/devices", { everySeconds: 15 });
  return (
    <Page title="Devices" lead="The machines in the classrooms. Nothing here is about people.">
      <Loaded of={devices} what="Loading devices">
        {(answer) => (answer.length === 0 ? <NoDevices /> : <DeviceList devices={answer} />)}
      </Loaded>
    </Page>
  );
}

function NoDevices(): ReactElement {
  return (
    <section className="card" aria-label="Devices">
      <Empty icon="device" title="No device has been heard from yet">
        A classroom appears here as soon as its device connects to the broker for the first time.
      </Empty>
    </section>
  );
}

type Which = "all" | "attention";

function DeviceList({ devices }: { devices: Device[] }): ReactElement {
  const [which, setWhich] = useState<Which>("all");
  const [params, setParams] = useSearchParams();
  const now = useNow(15);
  const attention = devices.filter(({ complaints }) => complaints.length > 0);
  const conditions = devices.map((device) => condition(device, now));
  const open = devices.find(({ classroom }) => classroom === params.get("device"));
  const show = (classroom: string | null) => {
    setParams(classroom === null ? {} : { device: classroom });
  };
  const shown = inOrder(which === "all" ? devices : attention);

  return (
    <>
      <Figures>
        <Figure name="Devices" value={devices.length} />
        <Figure
          name="Online"
          value={conditions.filter((one) => one === "online" || one === "stale").length}
        />
        <Figure name="Offline" value={conditions.filter((one) => one === "offline").length} />
        <Figure name="Need attention" value={attention.length} />
      </Figures>
      <section className="card" aria-label="List of devices">
        <div className="filters">
          <Segments<Which>
            label="Which devices"
            value={which}
            onChange={setWhich}
            options={[
              ["all", "All"],
              ["attention", "Need attention"],
            ]}
          />
        </div>
        {shown.length === 0 ? (
          <Empty icon="check" title="All is well">
            No device has anything to complain about.
          </Empty>
        ) : (
          <DeviceTable devices={shown} now={now} onOpen={show} />
        )}
      </section>
      {open !== undefined && (
        <DeviceDialog
          device={open}
          now={now}
          onClose={() => {
            show(null);
          }}
        />
      )}
    </>
  );
}
