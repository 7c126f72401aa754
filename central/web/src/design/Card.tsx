import { useId, type ReactElement, type ReactNode } from "react";
import "./surfaces.css";

interface CardProps {
  title: ReactNode;
  /** A few words beside the title. */
  note?: ReactNode;
  actions?: ReactNode;
  /** Without a margin, for tables. */
  flush?: boolean;
  children: ReactNode;
}

/** A titled part of a page: a section with a heading of the second level. */
export function Card({ title, note, actions, flush = false, children }: CardProps): ReactElement {
  const heading = useId();
  return (
    <section className="card" aria-labelledby={heading}>
      <div className="card__head">
        <div className="card__title">
          <h2 id={heading}>{title}</h2>
          {note !== undefined && <span className="card__note">{note}</span>}
        </div>
        {actions !== undefined && <div className="row">{actions}</div>}
      </div>
      <div className={flush ? "card__body card__body--flush" : "card__body"}>{children}</div>
    </section>
  );
}

/** A row of figures: `<Figures><Figure name="Present" value={12} /></Figures>`. */
export function Figures({ children }: { children: ReactNode }): ReactElement {
  return <dl className="figures">{children}</dl>;
}

export function Figure({
  name,
  value,
  note,
}: {
  name: string;
  value: ReactNode;
  note?: ReactNode;
}): ReactElement {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd>
        {value} {note !== undefined && <span className="figure__note">{note}</span>}
      </dd>
    </div>
  );
}

/** Names and values below each other: `[["Group", "7b"], ...]`. */
export function Details({ rows }: { rows: readonly (readonly [string, ReactNode])[] }): ReactElement {
  return (
    <dl className="details">
      {rows.map(([name, value]) => (
        <div key={name} className="details__row">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
