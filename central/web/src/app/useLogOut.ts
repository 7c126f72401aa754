import { useState } from "react";
import { useToast } from "../design/toasts";
import { useSessionState } from "./session";

/** The way out; where it fails it says why. */
export function useLogOut(): { leave: () => void; busy: boolean } {
  const { logOut } = useSessionState();
  const tell = useToast();
  const [busy, setBusy] = useState(false);
  const leave = async () => {
    setBusy(true);
    try {
      await logOut();
    } catch (error) {
      setBusy(false);
      tell(error instanceof Error ? error.message : String(error), "bad");
    }
  };
  return { leave: () => void leave(), busy };
}
