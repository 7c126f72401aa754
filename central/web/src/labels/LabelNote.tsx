import type { ReactElement } from "react";
import { Link } from "react-router";
import { Icon } from "../design/Icon";
import "./note.css";

/** Stands wherever labels are shown first on a page. */
export function LabelNote(): ReactElement {
  return (
    <p className="label-note">
      <Icon name="info" />
      <span>
        A label says how a face looked to a program. It is not a feeling, and it is often wrong.{" "}
        <Link to="/note">What labels are</Link>
      </span>
    </p>
  );
}
