import type { ReactElement } from "react";
import { Page } from "../../design/Page";
import { NoteText } from "./NoteText";

export default function NotePage(): ReactElement {
  return (
    <Page title="What labels are">
      <NoteText />
    </Page>
  );
}
