// Says when this page has lost its server, since when, and when it is back.
import { useEffect, useState } from "react";

const BACK_MS = 3000;

export function ConnectionBanner({ connected, degraded }) {
  const [lostAt, setLostAt] = useState(null);
  const [back, setBack] = useState(false);
  const [online, setOnline] = useState(true);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    update();
    window.addEventListener("online", update);
    window.addEventListener("offline", update);
    return () => {
      window.removeEventListener("online", update);
      window.removeEventListener("offline", update);
    };
  }, []);
  const good = online && connected;
  useEffect(() => {
    if (!good) {
      // A page that has just opened is connecting, not lost: wait a moment before saying so.
      const timer = setTimeout(() => setLostAt(new Date()), 1500);
      return () => clearTimeout(timer);
    }
    if (lostAt === null) return undefined;
    setLostAt(null);
    setBack(true);
    return undefined;
  }, [good]);
  useEffect(() => {
    if (!back) return undefined;
    const timer = setTimeout(() => setBack(false), BACK_MS);
    return () => clearTimeout(timer);
  }, [back]);
  if (lostAt && !good) {
    return (
      <div className="banner page-banner" data-tone="warn" role="alert">
        <b>Offline since {lostAt.toISOString().slice(11, 19)} UTC.</b>
        <span>Account figures are frozen. Orders on chain are safe. Reconnecting.</span>
      </div>
    );
  }
  if (back) {
    return (
      <div className="banner page-banner" data-tone="ok" role="status">
        <b>Back online.</b>
        <span>Syncing your account.</span>
      </div>
    );
  }
  if (degraded) {
    return (
      <div className="banner page-banner" data-tone="warn" role="status">
        <b>Degraded.</b>
        <span>{degraded}</span>
      </div>
    );
  }
  return null;
}
