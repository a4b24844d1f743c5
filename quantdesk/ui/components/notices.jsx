// A notice leaves five seconds after its last change, unless the pointer rests on it.
import { useEffect, useRef } from "react";

export function Leave({ after, onLeave }) {
  const leave = useRef(onLeave);
  leave.current = onLeave;
  useEffect(() => {
    if (!after) return undefined;
    const timer = setTimeout(() => leave.current?.(), after);
    return () => clearTimeout(timer);
  }, [after]);
  return null;
}
