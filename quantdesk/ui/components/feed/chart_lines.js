// Lines across the chart: own position, orders, liquidation, mark; each with a label beside the axis.
//
// The chart draws the line and the axis price; labels are plain elements placed over it after every
// draw, so that they can hold two fields. A line outside the view keeps its label at the edge.
import { LineStyle } from "lightweight-charts";
import { faded } from "$/public/external/quantdesk/ui/components/feed/chart_theme.js";

const LABEL_PX = 20;
const GAP_PX = 2;
const EDGE_PX = 4;

function look(line, colors) {
  const side = line.side === "short" ? colors.down : colors.up;
  switch (line.kind) {
    case "limit":
      return { color: side, lineStyle: LineStyle.Dashed, lineWidth: 1 };
    case "stop":
    case "take":
      return { color: line.side === "short" ? colors.up : colors.down, lineStyle: LineStyle.Dashed, lineWidth: 1 };
    case "liquidation":
      return { color: colors.warn, lineStyle: LineStyle.Solid, lineWidth: 2 };
    case "draft":
      return { color: colors.accent, lineStyle: LineStyle.Dotted, lineWidth: 1 };
    case "mark":
      return { color: faded(colors.t1, 0.55), lineStyle: LineStyle.Dotted, lineWidth: 1, axis: colors.t1 };
    default:
      return { color: side, lineStyle: LineStyle.Solid, lineWidth: 1 };
  }
}

/** Keeps the chart's lines and labels equal to what it is given. */
export class ChartLines {
  constructor(series, layer, priceText) {
    this.series = series;
    this.priceText = priceText;
    this.layer = layer;
    this.drawn = [];
    this.mark = null;
  }

  /** Replace all lines; `lines` have kind, side, price_e6, label and note. */
  set(lines, colors) {
    for (const { handle, element } of this.drawn) {
      this.series.removePriceLine(handle);
      element.remove();
    }
    this.drawn = lines
      .filter((line) => Number(line.price_e6) > 0)
      .map((line) => this.#draw(line, colors));
    this.place();
  }

  /** Move the mark's line, or take it away with null. */
  setMark(price, colors) {
    if (this.mark) this.series.removePriceLine(this.mark);
    this.mark = null;
    if (price === null) return;
    const { color, lineStyle, lineWidth, axis } = look({ kind: "mark" }, colors);
    this.mark = this.series.createPriceLine({
      price, color, lineStyle, lineWidth, axisLabelVisible: true, title: "",
      axisLabelColor: axis, axisLabelTextColor: colors.panel,
    });
  }

  /** Change the second field of a line. */
  note(wanted, text) {
    const drawn = this.drawn.find(({ line }) => line === wanted);
    if (drawn && drawn.note.textContent !== text) drawn.note.textContent = text;
  }

  /** Put every label beside its line; called after each draw of the chart. */
  place() {
    const height = this.layer.clientHeight;
    const wanted = this.drawn
      .map((drawn) => ({ drawn, y: this.#clamped(drawn, height) }))
      .filter(({ y }) => y !== null)
      .sort((a, b) => a.y - b.y || b.drawn.line.price_e6 - a.drawn.line.price_e6);
    // Downwards so that none covers another, then upwards so that none leaves the view.
    let free = EDGE_PX;
    for (const label of wanted) {
      label.top = Math.max(label.y - LABEL_PX / 2, free);
      free = label.top + LABEL_PX + GAP_PX;
    }
    let end = height - EDGE_PX - LABEL_PX;
    for (const label of wanted.reverse()) {
      label.top = Math.min(label.top, end);
      end = label.top - LABEL_PX - GAP_PX;
      label.drawn.element.style.transform = `translateY(${Math.round(label.top)}px)`;
    }
  }

  #clamped({ line, element, price }, height) {
    const y = this.series.priceToCoordinate(line.price_e6 / 1e6);
    element.hidden = y === null;
    if (y === null) return null;
    const isOutside = y < 0 || y > height;
    element.dataset.outside = String(isOutside);
    price.textContent = isOutside ? this.priceText(line.price_e6) : "";
    return Math.min(Math.max(y, EDGE_PX + LABEL_PX / 2), height - EDGE_PX - LABEL_PX / 2);
  }

  #draw(line, colors) {
    const { color, lineStyle, lineWidth } = look(line, colors);
    const handle = this.series.createPriceLine({
      price: line.price_e6 / 1e6, color, lineStyle, lineWidth, title: "",
      axisLabelVisible: true, axisLabelColor: color, axisLabelTextColor: colors.panel,
    });
    const element = document.createElement("div");
    element.className = "chart-label";
    element.dataset.kind = line.kind;
    element.style.setProperty("--tone", color);
    const name = document.createElement("b");
    name.textContent = line.label;
    const note = document.createElement("span");
    note.textContent = line.note ?? "";
    const price = document.createElement("span");
    element.append(name, price, note);
    this.layer.append(element);
    return { line, handle, element, note, price };
  }
}

/** A series primitive that draws nothing and reports every draw. */
export function drawWatcher(callback) {
  return { updateAllViews: callback, paneViews: () => [] };
}
