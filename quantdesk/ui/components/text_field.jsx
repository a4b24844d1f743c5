// A text input that never loses a keystroke: what is typed lives here, the server hears of it a
// moment later, and only a value that the server chose itself replaces it.
import { useEffect, useRef, useState } from "react";

export function TextField({ value, wait = 120, onText, ...rest }) {
  const [text, setText] = useState(value ?? "");
  const unanswered = useRef([]);
  const timer = useRef(null);
  const latest = useRef(text);
  latest.current = text;

  useEffect(() => {
    const echo = unanswered.current.indexOf(value);
    if (echo >= 0) {
      unanswered.current.splice(0, echo + 1);
      return;
    }
    if (timer.current !== null) return;
    unanswered.current = [];
    setText(value ?? "");
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const send = () => {
    if (timer.current === null) return;
    clearTimeout(timer.current);
    timer.current = null;
    unanswered.current.push(latest.current);
    onText?.(latest.current);
  };
  const type = (event) => {
    latest.current = event.target.value;
    setText(latest.current);
    clearTimeout(timer.current);
    timer.current = setTimeout(send, wait);
  };
  return (
    <input
      {...rest}
      type="text"
      value={text}
      onChange={type}
      onBlur={send}
      onKeyDown={(event) => event.key === "Enter" && send()}
    />
  );
}
