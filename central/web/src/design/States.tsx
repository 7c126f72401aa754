import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactElement, ReactNode } from "react";
import { ApiError } from "../api/client";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";
import "./surfaces.css";

type NoticeTone = "note" | "warning" | "bad";
const NOTICE_ICON: Record<NoticeTone, IconName> = { note: "info", warning: "alert", bad: "alert" };

/** A boxed remark. A bad one is announced at once. */
export function Notice({
  tone = "note",
  title,
  actions,
  children,
}: {
  tone?: NoticeTone;
  title?: string;
  actions?: ReactNode;
  children?: ReactNode;
}): ReactElement {
  return (
    <div className={`notice notice--${tone}`} role={tone === "bad" ? "alert" : undefined}>
      <Icon name={NOTICE_ICON[tone]} />
      <div className="notice__body">
        {title !== undefined && <p className="notice__title">{title}</p>}
        {children}
      </div>
      {actions}
    </div>
  );
}

export function Loading({ what = "Loading" }: { what?: string }): ReactElement {
  return (
    <div className="loading" role="status" aria-label={what}>
      <div className="skeleton" />
      <div className="skeleton" />
      <div className="skeleton" />
    </div>
  );
}

export function Empty({
  icon = "info",
  title,
  children,
  action,
}: {
  icon?: IconName;
  title: string;
  /** Why, and what to do. */
  children?: ReactNode;
  action?: ReactNode;
}): ReactElement {
  return (
    <div className="empty">
      <Icon name={icon} />
      <p className="empty__title">{title}</p>
      {children !== undefined && <p className="empty__hint">{children}</p>}
      {action}
    </div>
  );
}

/** What went wrong, by central's own words, and a way to try again. */
export function ErrorNotice({ error, onRetry }: { error: Error; onRetry?: () => void }): ReactElement {
  const title = error instanceof ApiError ? error.title : "That did not work";
  return (
    <Notice
      tone="bad"
      title={title}
      actions={
        onRetry !== undefined && (
          <Button icon="refresh" onClick={onRetry}>
            Try again
          </Button>
        )
      }
    >
      <p>{error.message}</p>
      {error instanceof ApiError && error.errors.length > 0 && (
        <ul>
          {error.errors.map((one) => (
            <li key={`${one.where} ${one.reason}`}>
              {one.where}: {one.reason}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

interface LoadedProps<Answer> {
  /** Of `useApi` or `usePages`. */
  of: Pick<UseQueryResult<Answer>, "data" | "error"> & { refetch: () => unknown };
  what?: string;
  children: (answer: Answer) => ReactNode;
}

/** What `useApi` got: a skeleton while it loads, the error when it failed, and the last answer, marked, when only the newest try failed. */
export function Loaded<Answer>({ of, what = "Loading", children }: LoadedProps<Answer>): ReactNode {
  const retry = () => {
    of.refetch();
  };
  if (of.data === undefined) {
    if (of.error !== null) return <ErrorNotice error={of.error} onRetry={retry} />;
    return <Loading what={what} />;
  }
  return (
    <>
      {of.error !== null && (
        <Notice
          tone="warning"
          title="Not up to date"
          actions={
            <Button icon="refresh" onClick={retry}>
              Try again
            </Button>
          }
        >
          <p>{of.error.message}</p>
        </Notice>
      )}
      {children(of.data)}
    </>
  );
}
