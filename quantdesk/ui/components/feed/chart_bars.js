// The chart's bars: history by HTTP, the running one from the feed.

const PAGE = 500;
const MILLION = 1e6;

/** Bars of a market that open before `beforeMs`, oldest first; throws when they do not come. */
export async function fetchBars(market, resolutionS, beforeMs, signal) {
  const query = new URLSearchParams({ resolution_s: resolutionS, limit: PAGE });
  if (beforeMs) query.set("before_ms", beforeMs);
  const path = `/api/markets/${encodeURIComponent(market)}/candles?${query}`;
  const answer = await fetch(path, { headers: { "x-quantdesk": "1" }, signal });
  if (!answer.ok) throw new Error(`candles: ${answer.status}`);
  return (await answer.json()).map(([openMs, open, high, low, close, volume]) => ({
    time: openMs / 1000,
    open: open / MILLION,
    high: high / MILLION,
    low: low / MILLION,
    close: close / MILLION,
    volume,
  }));
}

/** A bar from a candle topic's state. */
export function liveBar(data) {
  return {
    time: data.open_ms / 1000,
    open: data.o_e6 / MILLION,
    high: data.h_e6 / MILLION,
    low: data.l_e6 / MILLION,
    close: data.c_e6 / MILLION,
    volume: data.volume,
  };
}

/** Two lists of bars as one, oldest first; where both have a bar the second list wins. */
export function mergeBars(first, second) {
  const byTime = new Map(first.map((bar) => [bar.time, bar]));
  for (const bar of second) byTime.set(bar.time, bar);
  return [...byTime.values()].sort((a, b) => a.time - b.time);
}

/** What a reader who cannot see the chart is told. */
export function summary(market, resolutionName, bars, format) {
  if (!bars.length) return `${market}: no candles yet.`;
  const first = bars[0];
  const last = bars[bars.length - 1];
  const high = Math.max(...bars.map((bar) => bar.high));
  const low = Math.min(...bars.map((bar) => bar.low));
  const change = ((last.close - first.open) / first.open) * 100;
  const way = change >= 0 ? "up" : "down";
  return (
    `${market}, ${bars.length} candles of ${resolutionName}: last ${format(last.close)}, ` +
    `${way} ${Math.abs(change).toFixed(2)} % since ${format(first.open)}, ` +
    `high ${format(high)}, low ${format(low)}.`
  );
}
