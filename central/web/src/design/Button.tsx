import type { ButtonHTMLAttributes, ReactElement, ReactNode } from "react";
import { Link } from "react-router";
import "./controls.css";
import { Icon, type IconName } from "./Icon";

type Look = "usual" | "primary" | "danger" | "plain";

interface Common {
  look?: Look;
  icon?: IconName;
}

function classes(look: Look, alone: boolean): string {
  return ["button", look === "usual" ? "" : `button--${look}`, alone ? "button--icon" : ""]
    .filter(Boolean)
    .join(" ");
}

interface ButtonProps extends Common, Omit<ButtonHTMLAttributes<HTMLButtonElement>, "className"> {
  /** What it began has not ended yet: it can be focused and not pressed. */
  busy?: boolean;
  children?: ReactNode;
}

/** Without children it shows the icon alone and needs an `aria-label`. */
export function Button({
  look = "usual",
  icon,
  busy = false,
  type = "button",
  children,
  onClick,
  ...rest
}: ButtonProps): ReactElement {
  return (
    <button
      {...rest}
      type={type}
      className={classes(look, children === undefined)}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A link to a page of the dashboard that looks like a button. */
export function ButtonLink({
  to,
  look = "usual",
  icon,
  children,
}: Common & { to: string; children: ReactNode }): ReactElement {
  return (
    <Link to={to} className={classes(look, false)}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </Link>
  );
}

/** Fetches a file from central. */
export function DownloadLink({
  href,
  look = "usual",
  children,
}: {
  href: string;
  look?: Look;
  children: ReactNode;
}): ReactElement {
  return (
    <a href={href} download className={classes(look, false)}>
      <Icon name="download" />
      {children}
    </a>
  );
}
