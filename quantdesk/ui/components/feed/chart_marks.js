// Own fills on the candles: a disc with B or S at the price, its receipt on hover.

const DISC_PX = 15;
const SAME_PX = 4; // Discs that would cover each other become one, with both receipts.

/** Keeps the discs over the chart equal to what it is given. */
export class ChartMarks {
  constructor(chart, series, layer) {
    Object.assign(this, { chart, series, layer, drawn: [], resolutionS: 60 });
  }

  /** Replace all discs; `marks` have side, at_s, price_e6 and note. */
  set(marks) {
    this.drawn.forEach(({ element }) => element.remove());
    this.drawn = marks.map((mark) => {
      const element = document.createElement("span");
      element.className = "chart-mark";
      element.dataset.side = mark.side;
      element.textContent = mark.side === "long" ? "B" : "S";
      this.layer.append(element);
      return { mark, element };
    });
    this.place();
  }

  /** Put every disc at its candle; called after each draw of the chart. */
  place() {
    const shown = [];
    for (const { mark, element } of this.drawn) {
      const open = Math.floor(mark.at_s / this.resolutionS) * this.resolutionS;
      const x = this.chart.timeScale().timeToCoordinate(open);
      const y = this.series.priceToCoordinate(mark.price_e6 / 1e6);
      const twin = shown.find(
        (one) => one.side === mark.side && Math.abs(one.x - x) < SAME_PX && Math.abs(one.y - y) < SAME_PX,
      );
      element.hidden = x === null || y === null || x < 0 || y < 0 || y > this.layer.clientHeight || !!twin;
      if (twin) twin.element.title += `\n${mark.note}`;
      if (element.hidden) continue;
      element.title = mark.note;
      // A buy and a sell at one place stand below and above each other.
      const isTaken = shown.some((one) => Math.abs(one.x - x) < DISC_PX && Math.abs(one.y - y) < DISC_PX);
      const shift = isTaken ? (mark.side === "long" ? DISC_PX : -DISC_PX) : 0;
      element.style.transform = `translate(${x - DISC_PX / 2}px, ${y - DISC_PX / 2 + shift}px)`;
      shown.push({ element, side: mark.side, x, y });
    }
  }
}
