// Asks the server to look again, every so often, only while the page is visible.
import { useEffect, useRef } from "react";

export function Pulse({ every, onPulse }) {
  const pulse = useRef(onPulse);
  pulse.current = onPulse;
  useEffect(() => {
    if (!every) return undefined;
    const timer = setInterval(() => document.visibilityState === "visible" && pulse.current?.(), every);
    return () => clearInterval(timer);
  }, [every]);
  return null;
}
