import type { ReactElement } from "react";
import { LABELS } from "../../labels/labels";
import { LabelChip } from "../../labels/LabelMark";
import "./legal.css";

/** What everybody who sees labels has to know. The same before the first use and later at /note. */
export function NoteText(): ReactElement {
  return (
    <div className="note-text">
      <section>
        <h2>What a label is</h2>
        <p>
          A camera in the classroom sees a face of a student who was enrolled there. A program compares it
          with pictures that people once sorted into five piles, and says which pile it looks most like:
        </p>
        <p className="row">
          {LABELS.map((label) => (
            <LabelChip key={label} label={label} />
          ))}
        </p>
        <p>
          Only the student&rsquo;s ID and that word leave the room. No picture is kept or sent; nobody who is
          not enrolled gets a label.
        </p>
      </section>
      <section>
        <h2>What it is not</h2>
        <ul>
          <li>
            <b>It is not a feeling.</b> Faces do not show reliably what people feel. Somebody who looks sad
            may be reading; somebody who looks happy may be embarrassed.
          </li>
          <li>
            <b>It is often wrong.</b> Of pictures that it had never seen, the model labelled about 15 in 100
            wrongly; in a real room, with light from the side and turned heads, expect more.
          </li>
          <li>
            <b>It is no ground for a decision about a student.</b> No mark, report, sanction or ranking may
            rest on it. Students differ in how their resting face looks to a program: compare a student with
            nobody but their own past.
          </li>
          <li>
            <b>It does not replace asking.</b> If something seems to be the matter, talk with the student.
          </li>
        </ul>
      </section>
      <section>
        <h2>What the law says</h2>
        <ul>
          <li>
            <b>EU AI Act, Article 5(1)(f)</b> (Regulation (EU) 2024/1689), applying since 2 February 2025,
            prohibits systems that infer emotions of people in education, except where they are put into
            service for medical or safety reasons. Consent is no exception. Your school has recorded on which
            basis it runs this; the record does not make a use lawful that is not.
          </li>
          <li>
            <b>GDPR, Article 9</b>: recognising students by their faces processes biometric data, and labels
            may say something about health. It needs a legal ground, a purpose, and an end; those concerned
            may ask to see what is stored, and have it erased.
          </li>
          <li>
            <b>What you look at is recorded.</b> Opening a student&rsquo;s page, exporting and changing go
            into a log that administrators can read and nobody can alter unnoticed.
          </li>
        </ul>
      </section>
    </div>
  );
}
