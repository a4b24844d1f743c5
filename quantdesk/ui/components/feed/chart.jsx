// Candle chart: history by HTTP, the running candle and the mark from the feed, own lines on top.
import { useEffect, useRef, useState } from "react";
import { CandlestickSeries, HistogramSeries, createChart } from "lightweight-charts";
import * as feed from "$/public/external/quantdesk/ui/components/feed/feed.js";
import * as format from "$/public/external/quantdesk/ui/components/feed/format.js";
import { fetchBars, liveBar, mergeBars, summary } from "$/public/external/quantdesk/ui/components/feed/chart_bars.js";
import { ChartLines, drawWatcher } from "$/public/external/quantdesk/ui/components/feed/chart_lines.js";
import { ChartMarks } from "$/public/external/quantdesk/ui/components/feed/chart_marks.js";
import {
  candleOptions, chartOptions, onThemeChange, readColors, volumeColor,
} from "$/public/external/quantdesk/ui/components/feed/chart_theme.js";

const NAMES = { 60: "1m", 300: "5m", 900: "15m", 3600: "1h", 14400: "4h", 86400: "1d" };
const BAR_PX = 6;
const RIGHT_BARS = 8;
const LABEL_BARS = 24; // Free space for the labels of own lines, where the screen is wide enough.
const WIDE_PX = 600;
const EARLIER_BARS = 20;
const SUMMARY_MS = 15000;
const SUMMARY_BARS = 100;

export function CandleChart({ market, resolutionS, lines, marks, className = "", ...rest }) {
  const box = useRef(null);
  const legend = useRef(null);
  const layer = useRef(null);
  const reader = useRef(null);
  const view = useRef(null);
  const [phase, setPhase] = useState("loading");
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    view.current = new ChartView(box.current, layer.current, legend.current);
    return () => view.current.remove();
  }, []);
  useEffect(() => {
    setPhase("loading");
    return view.current.show(market, resolutionS, { onPhase: setPhase, reader: reader.current });
  }, [market, resolutionS, attempt]);
  useEffect(() => view.current.setLines(lines ?? []), [JSON.stringify(lines ?? [])]);
  useEffect(() => view.current.marks.set(marks ?? []), [JSON.stringify(marks ?? [])]);

  return (
    <div className={`candle-chart ${className}`} {...rest} tabIndex={0} role="group"
      aria-label={`${market} chart; arrow keys move, plus and minus zoom`}
      onKeyDown={(event) => view.current?.key(event)}>
      <div ref={box} className="chart-canvas" />
      <div ref={layer} className="chart-labels" aria-hidden="true" />
      <div ref={legend} className="chart-legend" aria-hidden="true" />
      <p ref={reader} className="sr-only" />
      {phase === "loading" && <div className="chart-note">Loading candles</div>}
      {phase === "empty" && <div className="chart-note">No candles yet. The first one is forming.</div>}
      {phase === "failed" && (
        <div className="chart-note" role="alert">
          Candles did not load. Prices stay live.{" "}
          <button type="button" className="btn" onClick={() => setAttempt(attempt + 1)}>Try again</button>
        </div>
      )}
    </div>
  );
}

class ChartView {
  constructor(box, layer, legend) {
    this.colors = readColors();
    this.legend = legend;
    this.layer = layer;
    this.bars = [];
    this.given = [];
    this.mark = null;
    this.chart = createChart(box, { autoSize: true, ...chartOptions(this.colors) });
    // The library lays itself out with a table.
    box.querySelector("table")?.setAttribute("role", "presentation");
    this.chart.applyOptions({
      timeScale: { timeVisible: true, rightOffset: this.#free(), barSpacing: BAR_PX },
      localization: { locale: "en-GB", priceFormatter: (price) => this.#text(price) },
      crosshair: { mode: 0 },
    });
    this.candles = this.chart.addSeries(CandlestickSeries, {
      ...candleOptions(this.colors), lastValueVisible: false, priceLineVisible: false,
    });
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: 0.2 } });
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: "", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false,
    });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.88, bottom: 0 } });
    this.lines = new ChartLines(this.candles, layer, (e6) => format.price(e6, this.market));
    this.marks = new ChartMarks(this.chart, this.candles, layer);
    this.candles.attachPrimitive(drawWatcher(() => this.#placeSoon()));
    this.chart.subscribeCrosshairMove((move) => this.#point(move.time));
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => this.#reachBack(range));
    this.stopTheme = onThemeChange(() => this.#recolor());
  }

  remove() {
    this.stopTheme();
    this.chart.remove();
    this.chart = null;
  }

  // Shows a market at a resolution; returns the function that stops it.
  show(market, resolutionS, { onPhase, reader }) {
    const loading = new AbortController();
    Object.assign(this, { market, resolutionS, onPhase, loading, bars: [], isAtStart: false });
    const decimals = format.priceDecimals(market);
    this.candles.applyOptions({
      priceFormat: { type: "price", precision: decimals, minMove: 10 ** -decimals },
    });
    this.marks.resolutionS = resolutionS;
    this.#draw();
    this.lines.setMark(null, this.colors);
    this.mark = null;
    this.#load(loading, { isFirst: true });
    const stops = [
      feed.subscribe(`candle:${market}:${resolutionS}`, (data, { kind, hasGap }) => {
        if (kind === "snapshot" || hasGap) this.#load(this.loading, { isFirst: false });
        this.#take(liveBar(data));
      }),
      feed.subscribe(`ticker:${market}`, (data) => this.#setMark(data.mark_e6)),
    ];
    const describe = () => {
      const bars = this.bars.slice(-SUMMARY_BARS);
      const text = (price) => this.#text(price);
      reader.textContent = summary(market, NAMES[resolutionS], bars, text);
    };
    const timer = setInterval(describe, SUMMARY_MS);
    this.describe = describe;
    return () => {
      loading.abort();
      clearInterval(timer);
      stops.forEach((stop) => stop());
    };
  }

  setLines(lines) {
    this.given = lines;
    this.chart.timeScale().applyOptions({ rightOffset: this.#free() });
    this.lines.set(lines, this.colors);
    this.#noteDistance();
  }

  key(event) {
    const scale = this.chart.timeScale();
    const spacing = scale.options().barSpacing;
    const moves = {
      ArrowLeft: () => scale.scrollToPosition(scale.scrollPosition() - 10, false),
      ArrowRight: () => scale.scrollToPosition(scale.scrollPosition() + 10, false),
      End: () => scale.scrollToRealTime(),
      "+": () => scale.applyOptions({ barSpacing: Math.min(spacing * 1.25, 60) }),
      "=": () => scale.applyOptions({ barSpacing: Math.min(spacing * 1.25, 60) }),
      "-": () => scale.applyOptions({ barSpacing: Math.max(spacing / 1.25, 1) }),
    };
    if (!moves[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
  }

  async #load(loading, { isFirst }) {
    try {
      const found = await fetchBars(this.market, this.resolutionS, null, loading.signal);
      if (loading.signal.aborted || !this.chart) return;
      // What the feed brought meanwhile is newer than what was read.
      const live = this.bars.filter((bar) => !found.length || bar.time >= found[found.length - 1].time);
      this.bars = mergeBars(isFirst ? found : mergeBars(this.bars, found), live);
      this.#draw();
      if (isFirst) this.#frame();
      this.describe();
      this.onPhase(this.bars.length ? "shown" : "empty");
    } catch (error) {
      if (!loading.signal.aborted && isFirst) this.onPhase("failed");
    }
  }

  async #reachBack(range) {
    if (!range || range.from > EARLIER_BARS || this.isReaching || this.isAtStart) return;
    const { loading, bars } = this;
    if (!bars.length || !loading) return;
    this.isReaching = true;
    try {
      const found = await fetchBars(this.market, this.resolutionS, bars[0].time * 1000, loading.signal);
      if (loading.signal.aborted || !this.chart) return;
      this.isAtStart = found.length === 0;
      this.bars = mergeBars(found, this.bars);
      if (found.length) this.#draw();
    } catch (error) {
      this.isAtStart = true;
    } finally {
      this.isReaching = false;
    }
  }

  #take(bar) {
    const last = this.bars[this.bars.length - 1];
    if (last && bar.time < last.time) return;
    if (last && bar.time === last.time) this.bars[this.bars.length - 1] = bar;
    else this.bars.push(bar);
    this.candles.update(bar);
    this.volume.update(this.#volumeBar(bar));
    if (this.bars.length === 1) this.onPhase("shown");
    if (!this.pointed) this.#write(bar);
  }

  #draw() {
    this.candles.setData(this.bars);
    this.volume.setData(this.bars.map((bar) => this.#volumeBar(bar)));
    this.#write(this.bars[this.bars.length - 1]);
  }

  #frame() {
    const count = this.bars.length;
    const free = this.#free();
    const fitting = Math.floor(this.layer.clientWidth / BAR_PX) - free;
    // A young market's few bars are shown wider instead of lost at the edge.
    const wide = Math.max(40, Math.min(fitting, count * 2));
    this.chart.timeScale().setVisibleLogicalRange({ from: count - wide, to: count + free });
  }

  #free() {
    return this.given.length && this.layer.clientWidth > WIDE_PX ? LABEL_BARS : RIGHT_BARS;
  }

  #volumeBar(bar) {
    return { time: bar.time, value: bar.volume, color: volumeColor(bar, this.colors) };
  }

  #setMark(markE6) {
    if (markE6 === null) return;
    this.mark = markE6;
    if (this.lines.mark) this.lines.mark.applyOptions({ price: markE6 / 1e6 });
    else this.lines.setMark(markE6 / 1e6, this.colors);
    this.#noteDistance();
  }

  #noteDistance() {
    if (this.mark === null) return;
    for (const line of this.given) {
      if (line.kind === "liquidation") {
        this.lines.note(line, format.percent(line.price_e6 - this.mark, this.mark, 1));
      } else if (line.kind === "position" && line.size_e9 != null && line.entry_e6 != null) {
        const profit = format.pnl(line.size_e9, line.entry_e6, this.mark);
        this.lines.note(line, format.signedUsd(profit));
      }
    }
  }

  #point(time) {
    this.pointed = time != null;
    const bar = this.pointed ? this.bars.find((one) => one.time === time) : null;
    this.#write(bar ?? this.bars[this.bars.length - 1]);
  }

  #write(bar) {
    if (!this.market) return;
    const fields = bar ? [["O", bar.open], ["H", bar.high], ["L", bar.low], ["C", bar.close]] : [];
    const name = document.createElement("b");
    name.textContent = `${this.market} · ${NAMES[this.resolutionS]}`;
    const parts = fields.map(([letter, price]) => {
      const part = document.createElement("span");
      const figure = document.createElement("i");
      figure.textContent = this.#text(price);
      figure.className = bar.close >= bar.open ? "up" : "down";
      part.append(`${letter} `, figure);
      return part;
    });
    this.legend.replaceChildren(name, ...parts);
  }

  #text(price) {
    return format.fixed(Math.round(price * 1e6), 6, format.priceDecimals(this.market));
  }

  #placeSoon() {
    if (this.isPlacing) return;
    this.isPlacing = true;
    requestAnimationFrame(() => {
      this.isPlacing = false;
      if (!this.chart) return;
      const axis = this.candles.priceScale().width();
      this.layer.style.right = `${axis}px`;
      this.layer.style.bottom = `${this.chart.timeScale().height()}px`;
      this.lines.place();
      this.marks.place();
    });
  }

  #recolor() {
    this.colors = readColors();
    this.chart.applyOptions(chartOptions(this.colors));
    this.candles.applyOptions(candleOptions(this.colors));
    this.volume.setData(this.bars.map((bar) => this.#volumeBar(bar)));
    this.lines.set(this.given, this.colors);
    this.lines.setMark(this.mark === null ? null : this.mark / 1e6, this.colors);
    this.#noteDistance();
  }
}
