import type { ReactElement } from "react";
import { useApi } from "../../api/hooks";
import type { SettingsView } from "../../api/models";
import { useSession } from "../../app/session";
import { Page } from "../../design/Page";
import { Loaded } from "../../design/States";
import { AccountsCard } from "./AccountsCard";
import { KeepingCard, SchoolCard, ServiceCard } from "./ConfigCards";
import { PasswordCard } from "./PasswordCard";
import { ThemeCard } from "./ThemeCard";
import "./settings.css";

export default function SettingsPage(): ReactElement {
  const { role, account } = useSession();
  const settings = useApi<SettingsView>("/api/settings", { everySeconds: 60 });
  return (
    <Page title="Settings" lead={`Logged in as ${account} (${role}).`}>
      {role === "admin" && <AccountsCard />}
      <div className="columns">
        <PasswordCard />
        <div className="stack">
          <ThemeCard />
          <Loaded of={settings} what="Loading the settings">
            {(answer) => <ServiceCard settings={answer} />}
          </Loaded>
        </div>
      </div>
      {settings.data !== undefined && (
        <div className="columns">
          <SchoolCard settings={settings.data} />
          <KeepingCard settings={settings.data} />
        </div>
      )}
    </Page>
  );
}
