import { useEffect, useRef, type ReactElement, type ReactNode } from "react";
import { useLocation } from "react-router";
import "./page.css";

interface PageProps {
  /** Of the window too. */
  title: string;
  /** Instead of the plain title. */
  heading?: ReactNode;
  /** A line below the title. */
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** React Router's name for the address that the browser came with. */
const FIRST = "default";

/** What every page begins with. After a navigation the heading takes the focus, so that a screen reader reads where one
has arrived; the first page leaves it to the browser, so that the first Tab reaches the skip link. */
export function Page({ title, heading, lead, actions, children }: PageProps): ReactElement {
  const top = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ClassPulse`;
  }, [title]);
  const arrived = useRef(useLocation().key !== FIRST);
  useEffect(() => {
    if (arrived.current) top.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className="page">
      <header className="page__head">
        <div className="page__titles">
          <h1 ref={top} tabIndex={-1}>
            {heading ?? title}
          </h1>
          {lead !== undefined && <div className="page__lead">{lead}</div>}
        </div>
        {actions !== undefined && <div className="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
