import type { ReactElement } from "react";
import { ButtonLink } from "../../design/Button";
import { Page } from "../../design/Page";
import { Empty } from "../../design/States";

export function NotFoundPage(): ReactElement {
  return (
    <Page title="Not found">
      <Empty
        icon="search"
        title="There is no such page"
        action={<ButtonLink to="/">To the start</ButtonLink>}
      >
        It may have been moved, or your account may not open it. An admin can tell.
      </Empty>
    </Page>
  );
}
