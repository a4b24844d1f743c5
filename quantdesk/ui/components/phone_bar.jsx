// The phone's bottom bar. Which panel shows is the browser's business: a data attribute and the hash.
import { useEffect, useState } from "react";

const VIEWS = ["markets", "chart", "trade", "positions", "account"];

const viewOfHash = () => {
  const view = location.hash.slice(1);
  return VIEWS.includes(view) ? view : "chart";
};

export function PhoneBar({ icons, badge }) {
  const [view, setView] = useState("chart");
  useEffect(() => {
    const follow = () => setView(viewOfHash());
    const go = (event) => history.replaceState(history.state, "", `#${event.detail}`) || follow();
    follow();
    window.addEventListener("hashchange", follow);
    window.addEventListener("qd:view", go);
    return () => {
      window.removeEventListener("hashchange", follow);
      window.removeEventListener("qd:view", go);
    };
  }, []);
  useEffect(() => {
    document.documentElement.dataset.view = view;
  }, [view]);
  const choose = (name) => {
    history.replaceState(history.state, "", `#${name}`);
    setView(name);
    const side = document.activeElement;
    if (side instanceof HTMLElement) side.blur();
  };
  return (
    <nav className="phone-bar" aria-label="Views">
      {VIEWS.map((name) => (
        <button
          key={name}
          type="button"
          aria-current={view === name ? "page" : undefined}
          onClick={() => choose(name)}
        >
          <svg viewBox="0 0 256 256" width="24" height="24" fill="currentColor" aria-hidden="true">
            <path d={icons[name]} />
          </svg>
          {name === "positions" && badge > 0 ? <b className="badge">{badge > 99 ? "99+" : badge}</b> : null}
          <span>{name[0].toUpperCase() + name.slice(1)}</span>
        </button>
      ))}
    </nav>
  );
}

// A button that also moves a phone to another view; on a desk it only does its own work.
export function ViewButton({ view, onPress, className, label, side, children }) {
  const press = () => {
    window.dispatchEvent(new CustomEvent("qd:view", { detail: view }));
    onPress?.();
  };
  return (
    <button type="button" className={className} aria-label={label} data-tone={side} onClick={press}>
      {children}
    </button>
  );
}
