import type { ReactElement } from "react";
import { useSave } from "../../api/hooks";
import type { AccountView } from "../../api/models";
import { Button } from "../../design/Button";
import { Dialog } from "../../design/Dialog";
import { ErrorNotice } from "../../design/States";
import { useToast } from "../../design/toasts";
import { accountPath, ACCOUNTS } from "./paths";

interface RemoveDialogProps {
  account: AccountView;
  onClose: () => void;
}

export function RemoveDialog({ account: { account: name }, onClose }: RemoveDialogProps): ReactElement {
  const remove = useSave([ACCOUNTS]);
  const tell = useToast();
  return (
    <Dialog
      title={`Remove ${name}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="danger"
            busy={remove.isPending}
            onClick={() => {
              remove.mutate(
                { method: "DELETE", path: accountPath(name) },
                {
                  onSuccess: () => {
                    tell(`${name} is removed.`);
                    onClose();
                  },
                },
              );
            }}
          >
            Remove
          </Button>
        </>
      }
    >
      {remove.error !== null && <ErrorNotice error={remove.error} />}
      <p>
        {name} is logged out everywhere and cannot log in again. What the account did stays in the audit log.
        To keep it for later, lock it instead.
      </p>
    </Dialog>
  );
}
