// Live figures: small spans that the feed repaints in place, outside React's rendering.
import { useEffect, useRef } from "react";
import * as feed from "$/public/external/quantdesk/ui/components/feed/feed.js";
import * as format from "$/public/external/quantdesk/ui/components/feed/format.js";

const TICK_MS = 500;
const ticker = (market) => `ticker:${market}`;

// Calls `paint(element)` now, whenever one of the markets moves, and with `everyMs` also by time.
function useLive(markets, paint, { everyMs = 0, inputs = [] } = {}) {
  const element = useRef(null);
  const newest = useRef(paint);
  newest.current = paint;
  const key = [...markets].sort().join(" ");
  useEffect(() => {
    const repaint = () => element.current && newest.current(element.current);
    const stops = key ? key.split(" ").map((market) => feed.subscribe(ticker(market), repaint)) : [];
    stops.push(feed.onStatus(repaint));
    if (everyMs) {
      const timer = setInterval(repaint, everyMs);
      stops.push(() => clearInterval(timer));
    }
    repaint();
    return () => stops.forEach((stop) => stop());
  }, [key, everyMs, ...inputs]);
  return element;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function point(element, direction) {
  if (element.dataset.dir === direction) return;
  element.dataset.dir = direction;
  element.classList.toggle("up", direction === "up");
  element.classList.toggle("down", direction === "down");
}

function Triangle() {
  return (
    <svg className="triangle" width="7" height="6" viewBox="0 0 7 6" aria-hidden="true">
      <path d="M3.5 0 7 6H0z" fill="currentColor" />
    </svg>
  );
}

// A triangle and a figure; the triangle turns with the direction and disappears when flat.
function paintDirected(element, direction, text) {
  const [triangle, figure] = element.children;
  point(element, direction);
  triangle.style.display = direction === "flat" ? "none" : "";
  triangle.style.transform = direction === "down" ? "rotate(180deg)" : "";
  write(figure, text);
}

const DIRECTED = { display: "inline-flex", alignItems: "center", gap: "4px", whiteSpace: "nowrap" };

function Directed({ element, width, className = "", ...rest }) {
  const style = { ...DIRECTED, minWidth: width, ...rest.style };
  return (
    <span ref={element} data-dir="flat" className={`live ${className}`} {...rest} style={style}>
      <Triangle />
      <span>{format.MISSING}</span>
    </span>
  );
}

function Plain({ element, width, className = "", ...rest }) {
  const style = { display: "inline-block", minWidth: width, whiteSpace: "nowrap", ...rest.style };
  return (
    <span ref={element} className={`live ${className}`} {...rest} style={style}>
      {format.MISSING}
    </span>
  );
}

export function LivePrice({ market, className = "", ...rest }) {
  const before = useRef(null);
  const element = useLive([market], (span) => {
    const data = feed.latest(ticker(market));
    const mark = data?.mark_e6 ?? null;
    const last = before.current;
    if (mark !== null && last !== null && last.market === market && mark !== last.mark) {
      point(span, mark > last.mark ? "up" : "down");
    } else if (last === null || last.market !== market) {
      point(span, "flat");
    }
    before.current = mark === null ? null : { market, mark };
    write(span, format.price(mark, market));
    span.dataset.stale = String(["stale", "offline"].includes(feed.grade(ticker(market))));
  }, { everyMs: 1000 });
  return <Plain element={element} className={`live-price ${className}`} width="6ch" {...rest} />;
}

const STATS = {
  range_24h: (data, market) =>
    data.low_24h_e6 === null
      ? format.MISSING
      : `${format.price(data.low_24h_e6, market)} – ${format.price(data.high_24h_e6, market)}`,
  volume_24h: (data) => format.dollars(data.volume_24h_usd),
  volume_24h_compact: (data) => format.compact(data.volume_24h_usd),
  funding_1h: (data) => format.fundingRate(data.funding_rate_e6),
  oracle: (data, market) =>
    data.mark_e6 === null
      ? format.MISSING
      : `${format.price(data.mark_e6, market)} ± ${format.price(data.conf_e6, market)}`,
  open_interest: (data, market) =>
    data.long_e9 === null
      ? format.MISSING
      : `${format.baseAmounts(data.long_e9, data.short_e9)} ${market.split("-")[0]}`,
};

function changeText(data, market, isPercentOnly) {
  const change = data?.change_24h_e6 ?? null;
  if (change === null) return format.MISSING;
  const share = format.percent(change, data.mark_e6 - change);
  if (isPercentOnly) return share;
  const amount = format.fixed(change, 6, format.priceDecimals(market), { sign: true });
  return `${amount} · ${share}`;
}

export function LiveStat({ market, field, ...rest }) {
  const element = useLive([market], (span) => {
    const data = feed.latest(ticker(market));
    write(span, data ? STATS[field](data, market) : format.MISSING);
  }, { inputs: [field] });
  return <Plain element={element} width="5ch" {...rest} />;
}

export function LiveChange({ market, isPercentOnly, ...rest }) {
  const element = useLive([market], (span) => {
    const data = feed.latest(ticker(market));
    const direction = format.direction(data?.change_24h_e6);
    paintDirected(span, direction, changeText(data, market, isPercentOnly));
  });
  return <Directed element={element} width={isPercentOnly ? "8ch" : "15ch"} {...rest} />;
}

export function LivePnl({ market, sizeE9, entryE6, marginE6, ...rest }) {
  const element = useLive([market], (span) => {
    const mark = feed.latest(ticker(market))?.mark_e6;
    if (mark == null) return paintDirected(span, "flat", format.MISSING);
    const profit = format.pnl(sizeE9, entryE6, mark);
    const share = marginE6 > 0 ? ` ${format.percent(profit, marginE6, 1)}` : "";
    paintDirected(span, format.direction(profit), format.signedUsd(profit) + share);
  }, { inputs: [sizeE9, entryE6, marginE6] });
  return <Directed element={element} width="8ch" {...rest} />;
}

export function LiveNotional({ market, sizeE9, ...rest }) {
  const element = useLive([market], (span) => {
    const mark = feed.latest(ticker(market))?.mark_e6;
    const value = mark == null ? null : format.pnl(sizeE9, 0, mark);
    write(span, value === null ? format.MISSING : format.usd(value < 0n ? -value : value));
  }, { inputs: [sizeE9] });
  return <Plain element={element} width="8ch" {...rest} />;
}

export function LiveDistance({ market, priceE6, ...rest }) {
  const element = useLive([market], (span) => {
    const mark = feed.latest(ticker(market))?.mark_e6;
    const isKnown = mark != null && priceE6 > 0;
    write(span, isKnown ? format.percent(priceE6 - mark, mark, 1) : "");
  }, { inputs: [priceE6] });
  return <Plain element={element} {...rest} />;
}

function totalPnl(exposures, withFunding) {
  let total = 0n;
  for (const { market, size_e9, entry_e6, funding_e6 } of exposures) {
    const mark = feed.latest(ticker(market))?.mark_e6;
    if (mark == null) return null;
    total += format.pnl(size_e9, entry_e6, mark);
    if (withFunding) total -= format.integer(funding_e6 ?? 0);
  }
  return total;
}

const marketsOf = (exposures) => [...new Set(exposures.map((exposure) => exposure.market))];

export function LiveEquity({ balanceE6, exposures, ...rest }) {
  const open = exposures ?? [];
  const element = useLive(marketsOf(open), (span) => {
    const total = totalPnl(open, true);
    write(span, total === null ? format.MISSING : format.usd(format.integer(balanceE6) + total));
  }, { inputs: [balanceE6, JSON.stringify(open)] });
  return <Plain element={element} width="7ch" {...rest} />;
}

export function LiveUnrealized({ exposures, ...rest }) {
  const open = exposures ?? [];
  const element = useLive(marketsOf(open), (span) => {
    const total = totalPnl(open, false);
    const text = total === null ? format.MISSING : format.signedUsd(total);
    paintDirected(span, format.direction(total), text);
  }, { inputs: [JSON.stringify(open)] });
  return <Directed element={element} width="7ch" {...rest} />;
}

const CHIP = { live: "live", late: "late", stale: "stale" };

export function AgeChip({ market, className = "", ...rest }) {
  const element = useLive([market], (span) => {
    const grade = feed.grade(ticker(market));
    const known = grade in CHIP ? `${CHIP[grade]} · ${format.ageText(feed.age(ticker(market)))}` : null;
    span.dataset.grade = grade === "none" || grade === "connecting" ? "offline" : grade;
    write(span.lastChild, known ?? { none: "no price", connecting: "connecting" }[grade] ?? "offline");
  }, { everyMs: TICK_MS });
  return (
    <span ref={element} className={`age-chip ${className}`} data-grade="offline" {...rest}>
      <i className="dot" />
      <span style={{ minWidth: "9ch" }}>connecting</span>
    </span>
  );
}

function overall(markets) {
  const { state, tries } = feed.status();
  if (state === "offline") return ["offline", `Offline · reconnecting, try ${tries}`];
  if (state !== "open") return ["offline", "Connecting"];
  const ages = markets.map((market) => feed.age(ticker(market))).filter((age) => age !== null);
  if (!ages.length) return ["late", "No prices yet"];
  const newest = Math.min(...ages);
  const text = format.ageText(newest);
  if (newest <= feed.LATE_MS) return ["live", `Operational · ${text}`];
  return [newest <= feed.STALE_MS ? "late" : "stale", `Degraded · prices ${text} old`];
}

export function FeedStatus({ markets, className = "", ...rest }) {
  const element = useLive(markets, (span) => {
    const [grade, text] = overall(markets);
    span.dataset.grade = grade;
    write(span.lastChild, text);
  }, { everyMs: TICK_MS });
  return (
    <span ref={element} className={`age-chip ${className}`} data-grade="offline" {...rest}>
      <i className="dot" />
      <span style={{ minWidth: "17ch" }}>Connecting</span>
    </span>
  );
}

export function FeedBanner({ className = "", ...rest }) {
  const wasOffline = useRef(false);
  const element = useRef(null);
  useEffect(() => {
    let timer = null;
    const paint = () => {
      const { state, since } = feed.status();
      const banner = element.current;
      clearTimeout(timer);
      if (state === "offline") {
        wasOffline.current = true;
        banner.dataset.tone = "warn";
        write(banner, `Offline since ${format.clock(since)} UTC. Prices below are frozen.`);
        banner.hidden = false;
      } else if (state === "open" && wasOffline.current) {
        wasOffline.current = false;
        banner.dataset.tone = "ok";
        write(banner, "Back online.");
        timer = setTimeout(() => (banner.hidden = true), 3000);
      }
    };
    const stop = feed.onStatus(paint);
    paint();
    return () => (stop(), clearTimeout(timer));
  }, []);
  return <div ref={element} role="status" hidden className={`feed-banner ${className}`} {...rest} />;
}

export function LiveTitle({ market }) {
  useEffect(() => {
    const plain = document.title;
    const stop = feed.subscribe(ticker(market), (data) => {
      if (data.mark_e6 !== null) {
        document.title = `${format.price(data.mark_e6, market)} ${market} · QuantDesk`;
      }
    });
    return () => (stop(), (document.title = plain));
  }, [market]);
  return null;
}

export function SceneLabel({ className = "", ...rest }) {
  const element = useLive([], (span) => {
    const label = feed.status().scene?.label ?? "";
    write(span, label);
    span.title = label;
  });
  return <span ref={element} className={`scene-label ${className}`} {...rest} />;
}

export function UtcClock(props) {
  const element = useLive([], (span) => write(span, format.clock(feed.serverNow())), { everyMs: 1000 });
  return <Plain element={element} width="8ch" {...props} />;
}
