import type { ReactElement } from "react";
import "./mark.css";

/** The product's sign, beside its name. */
export function Mark(): ReactElement {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M5 17h5l3-8 5 15 3.5-10 1.5 3h4" />
    </svg>
  );
}
