import { Suspense, type ReactElement } from "react";
import { NavLink, Outlet, useLocation } from "react-router";
import { Button } from "../design/Button";
import { Icon } from "../design/Icon";
import { Mark } from "../design/Mark";
import { Loading } from "../design/States";
import { useNow } from "../time/now";
import { AccountMenu } from "./AccountMenu";
import { ConnectionBadge } from "./ConnectionBadge";
import { ErrorBoundary } from "./ErrorBoundary";
import { destinations } from "./navigation";
import { useFormats, useSchool } from "./school";
import { useSession } from "./session";
import "./shell.css";
import { ThemeSwitch } from "./ThemeSwitch";
import { useWall } from "./wall";

/** What surrounds every page: where one is, where one can go, whether it is live. */
export function Shell({ live }: { live: boolean }): ReactElement {
  const { role } = useSession();
  const { name } = useSchool();
  const { pathname } = useLocation();
  const [wall, setWall] = useWall();
  return (
    <div className={wall ? "shell shell--wall" : "shell"}>
      <a className="skip-link" href="#content">
        Skip to content
      </a>
      <header className="shell__top">
        <span className="shell__brand">
          <Mark />
          ClassPulse
        </span>
        <span className="shell__school">{name}</span>
        <div className="shell__state">
          {live && <ConnectionBadge />}
          <SchoolClock />
        </div>
        {wall ? (
          <Button
            look="plain"
            icon="close"
            onClick={() => {
              setWall(false);
            }}
          >
            Leave wall display
          </Button>
        ) : (
          <>
            <ThemeSwitch />
            <AccountMenu />
          </>
        )}
      </header>
      {!wall && (
        <nav className="shell__nav" aria-label="Pages">
          <ul className="nav">
            {destinations(role).map(({ path, name: words, icon }) => (
              <li key={path}>
                <NavLink to={path} end={path === "/"} className="nav__link">
                  <Icon name={icon} />
                  <span>{words}</span>
                </NavLink>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <main id="content" tabIndex={-1} className="shell__main">
        <ErrorBoundary key={pathname}>
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      </main>
    </div>
  );
}

function SchoolClock(): ReactElement {
  const { time, full, zone } = useFormats();
  const now = useNow();
  return (
    <time className="shell__clock" dateTime={new Date(now).toISOString()} title={`${full(now)} (${zone})`}>
      {time(now)}
    </time>
  );
}
