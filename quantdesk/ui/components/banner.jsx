// Says when this page has lost its server, since when, and when it is back.
import { useEffect, useState } from "react";
import * as feed from "$/public/external/quantdesk/ui/components/feed/feed.js";

const BACK_MS = 3000;

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

// The server talks to one address only; a page opened under another name of it gets no socket.
function useRightAddress() {
  const [right, setRight] = useState(null);
  useEffect(() => {
    const compare = async () => {
      const { origin } = await (await fetch("/api/config")).json();
      if (!origin || origin === location.origin) return;
      const wanted = new URL(origin);
      const here = location.pathname + location.search + location.hash;
      const isSameMachine = [wanted.hostname, location.hostname].every((host) => LOOPBACK.includes(host));
      if (isSameMachine && wanted.port === location.port) location.replace(origin + here);
      else setRight(origin + here);
    };
    // Without an answer nothing is known about addresses; the connection says that it is lost.
    compare().catch(() => setRight(null));
  }, []);
  return right;
}

export function ConnectionBanner({ connected, degraded }) {
  const right = useRightAddress();
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
      const timer = setTimeout(() => setLostAt(new Date(feed.serverNow())), 1500);
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
  if (right) {
    return (
      <div className="banner page-banner" data-tone="warn" role="alert">
        <b>Wrong address.</b>
        <span>
          QuantDesk answers at <a className="link" href={right}>{new URL(right).origin}</a> only. Open it there.
        </span>
      </div>
    );
  }
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
