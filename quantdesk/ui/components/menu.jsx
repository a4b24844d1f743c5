// A disclosure that closes again: after a choice, on Escape, and when one clicks elsewhere.
import { useEffect, useRef } from "react";

export function Menu({ className, children }) {
  const menu = useRef(null);
  useEffect(() => {
    const close = (event) => {
      const details = menu.current;
      if (!details.open) return;
      const escaped = event.type === "keydown" && event.key === "Escape";
      const outside = event.type === "pointerdown" && !details.contains(event.target);
      const chosen = event.type === "click" && event.target.closest(".menu-body button");
      if (!escaped && !outside && !(chosen && details.contains(chosen))) return;
      details.open = false;
      if (escaped) details.querySelector("summary").focus();
    };
    const kinds = ["keydown", "pointerdown", "click"];
    kinds.forEach((kind) => document.addEventListener(kind, close));
    return () => kinds.forEach((kind) => document.removeEventListener(kind, close));
  }, []);
  return (
    <details ref={menu} className={className}>
      {children}
    </details>
  );
}
