import { useId, useLayoutEffect, useRef, type ReactElement, type ReactNode } from "react";
import { Button } from "./Button";
import "./surfaces.css";

interface DialogProps {
  title: string;
  onClose: () => void;
  wide?: boolean;
  /** Buttons. */
  foot?: ReactNode;
  children: ReactNode;
}

/**
 * A modal, open as long as it is rendered. Escape closes it; the browser keeps the focus inside and gives it back. The
 * focus begins at what has `data-autofocus`, else at the first control.
 */
export function Dialog({ title, onClose, wide = false, foot, children }: DialogProps): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Not useEffect: it cleans up when the dialog has left the page, and the browser would give the focus to nobody.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element !== null && !element.open) element.showModal();
    element?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      element?.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={wide ? "dialog dialog--wide" : "dialog"}
      aria-labelledby={heading}
      onCancel={(event) => {
        // A file chooser in the dialog cancels too, and its event bubbles.
        if (event.target !== dialog.current) return;
        event.preventDefault();
        onClose();
      }}
    >
      <div className="dialog__head">
        <h2 id={heading}>{title}</h2>
        <Button look="plain" icon="close" aria-label="Close" onClick={onClose} />
      </div>
      <div className="dialog__body">{children}</div>
      {foot !== undefined && <div className="dialog__foot">{foot}</div>}
    </dialog>
  );
}
