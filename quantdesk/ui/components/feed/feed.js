// The feed: one WebSocket per tab for everything that moves, shared by every component.
//
// A topic always carries its whole newest state, so a lost message costs freshness and never truth.
// Nothing here touches the page or the window before the first subscription.

const QUIET_MS = 4000; // The publisher sends at least once a second.
const WAIT_FIRST_MS = 250;
const WAIT_MAX_MS = 4000;
const LINGER_MS = 2000;
const RESYNC_MS = 2000;
const CLOCK_SAMPLES = 40;
export const LATE_MS = 1000;
export const STALE_MS = 5000;

const topics = new Map(); // name -> { callbacks, seq, data, resyncAt }
const statusCallbacks = new Set();
const clockSamples = [];
let socket = null;
let url = null;
let state = "idle"; // idle | connecting | open | offline
let since = 0;
let tries = 0;
let heardAt = 0;
let greeting = null;
let timer = null;
let watch = null;

/** Call back with every new state of a topic; returns the function that stops it. */
export function subscribe(name, callback) {
  let topic = topics.get(name);
  if (!topic) {
    topic = { callbacks: new Set(), seq: null, data: null, resyncAt: 0 };
    topics.set(name, topic);
    send("subscribe", [name]);
  }
  topic.callbacks.add(callback);
  if (topic.data) callback(topic.data, { kind: "known" });
  start();
  return () => {
    topic.callbacks.delete(callback);
    // A component that is mounted again a moment later finds its topic still warm.
    setTimeout(() => leave(name, topic), LINGER_MS);
  };
}

/** The newest state of a topic, or null. */
export function latest(name) {
  return topics.get(name)?.data ?? null;
}

/** Milliseconds since the source published a ticker's price; null when there is none. */
export function age(name) {
  const published = latest(name)?.publish_ms;
  return published == null ? null : Math.max(0, serverNow() - published);
}

/** live | late | stale | offline: how far a ticker can be trusted now. */
export function grade(name) {
  if (state !== "open") return state === "offline" ? "offline" : "connecting";
  const old = age(name);
  if (old === null) return "none";
  return old <= LATE_MS ? "live" : old <= STALE_MS ? "late" : "stale";
}

/** State of the connection, since when, and how many attempts failed. */
export function status() {
  return { state, since, tries, scene: greeting?.scene ?? null };
}

/** Call back on every change of the connection; returns the function that stops it. */
export function onStatus(callback) {
  statusCallbacks.add(callback);
  start();
  return () => statusCallbacks.delete(callback);
}

/** The publisher's clock, from the fastest of the last messages. */
export function serverNow() {
  return Date.now() + (clockSamples.length ? Math.max(...clockSamples) : 0);
}

function start() {
  if (state !== "idle" || typeof window === "undefined") return;
  window.addEventListener("online", reconnectNow);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") reconnectNow();
  });
  watch = setInterval(listen, 1000);
  connect();
}

async function connect() {
  timer = null;
  move("connecting");
  try {
    url ??= await feedUrl();
    socket = new WebSocket(url);
  } catch {
    socket = null;
    lost();
    return;
  }
  const opened = socket;
  heardAt = Date.now();
  opened.onmessage = (event) => opened === socket && receive(JSON.parse(event.data));
  opened.onclose = () => opened === socket && lost();
}

async function feedUrl() {
  const answer = await fetch("/api/config", { headers: { "x-quantdesk": "1" } });
  if (!answer.ok) throw new Error(`configuration: ${answer.status}`);
  return (await answer.json()).feed_url;
}

function receive(message) {
  heardAt = Date.now();
  if (message.server_ms) {
    clockSamples.push(message.server_ms - heardAt);
    if (clockSamples.length > CLOCK_SAMPLES) clockSamples.shift();
  }
  if (message.type === "hello") {
    greeting = message;
    tries = 0;
    for (const topic of topics.values()) topic.seq = null;
    move("open");
    send("subscribe", [...topics.keys()]);
  } else if (message.type === "snapshot") {
    take(message, "snapshot");
  } else if (message.type === "beat") {
    for (const update of message.updates) take(update, "beat");
  }
}

function take({ topic: name, seq, data }, kind) {
  const topic = topics.get(name);
  if (!topic) return;
  const hasGap = kind === "beat" && topic.seq !== null && seq !== topic.seq + 1;
  topic.seq = seq;
  if (hasGap && Date.now() - topic.resyncAt > RESYNC_MS) {
    topic.resyncAt = Date.now();
    send("subscribe", [name]);
  }
  if (data === null) return;
  topic.data = data;
  for (const callback of [...topic.callbacks]) callback(data, { kind, hasGap });
}

function leave(name, topic) {
  if (topic.callbacks.size || topics.get(name) !== topic) return;
  topics.delete(name);
  send("unsubscribe", [name]);
}

function send(op, names) {
  if (names.length && state === "open") socket.send(JSON.stringify({ op, topics: names }));
}

function listen() {
  if (socket && Date.now() - heardAt > QUIET_MS) lost();
}

function lost() {
  const old = socket;
  socket = null;
  if (old) {
    old.onmessage = old.onclose = null;
    old.close();
  }
  move("offline");
  tries += 1;
  if (timer) return;
  const wait = Math.min(WAIT_FIRST_MS * 2 ** (tries - 1), WAIT_MAX_MS);
  // Jitter: a restarted publisher must not meet every browser in one instant.
  timer = setTimeout(connect, wait * (0.5 + Math.random() / 2));
}

function reconnectNow() {
  if (!timer) return;
  clearTimeout(timer);
  connect();
}

function move(next) {
  const shown = (value) => (value === "connecting" && tries > 0 ? "offline" : value);
  if (state === next) return;
  const before = shown(state);
  state = shown(next);
  if (state === before) return;
  since = serverNow();
  for (const callback of [...statusCallbacks]) callback(status());
}
