// Keys of the terminal. Off while someone types, except Enter in the ticket and Escape.
import { useEffect, useRef } from "react";

const TYPING = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]";

// The ticket has one visible main button; Enter presses that one, whatever it says.
const pressMain = () =>
  [...document.querySelectorAll(".ticket-act .act")].find((button) => button.offsetParent)?.click();

export function Hotkeys(handlers) {
  const current = useRef(handlers);
  current.current = handlers;
  useEffect(() => {
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const act = current.current;
      const target = event.target;
      const typing = target instanceof Element && target.matches(TYPING);
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "Escape") {
        if (typing) target.blur();
        return act.onEscape?.();
      }
      const inTicket = target instanceof Element && target.closest(".ticket");
      const onControl = target instanceof Element && target.closest("button, a, summary, [role=tab]");
      if (event.key === "Enter") {
        if ((typing && inTicket) || (!typing && !onControl)) pressMain();
        return;
      }
      if (typing) return;
      const key = event.key.toLowerCase();
      const run = {
        "/": () => act.onSearch?.(),
        "?": () => act.onHelp?.(),
        b: () => act.onSide?.("long"),
        s: () => act.onSide?.("short"),
        m: () => act.onKind?.("market"),
        l: () => act.onKind?.("limit"),
        1: () => act.onQuarter?.(25),
        2: () => act.onQuarter?.(50),
        3: () => act.onQuarter?.(75),
        4: () => act.onQuarter?.(100),
      }[key];
      if (!run || event.repeat) return;
      event.preventDefault();
      run();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
  return null;
}
