// A native dialog: the browser traps focus, gives Esc and makes the page behind inert.
import { useEffect, useRef } from "react";

export function Modal({ open, label, size, onClose, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    const element = dialog.current;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);
  const cancel = (event) => {
    event.preventDefault();
    onClose?.();
  };
  return (
    <dialog
      ref={dialog}
      className="modal"
      data-size={size}
      aria-label={label}
      onCancel={cancel}
      onMouseDown={(event) => event.target === dialog.current && onClose?.()}
    >
      {open ? children : null}
    </dialog>
  );
}
