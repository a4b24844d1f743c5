// The chart's colours, read from the page's tokens so that a theme switch reaches the canvas.

const NAMES = ["panel", "line", "line2", "t1", "t2", "t3", "up", "down", "warn", "accent"];

/** The tokens' values now. */
export function readColors() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim() || "#888888"]),
  );
}

/** `#rrggbb` with an opacity from 0 to 1. */
export function faded(color, opacity) {
  const byte = Math.round(opacity * 255).toString(16).padStart(2, "0");
  return /^#[0-9a-f]{6}$/i.test(color) ? color + byte : color;
}

/** Options of the whole chart. */
export function chartOptions(colors) {
  return {
    layout: {
      background: { color: colors.panel },
      textColor: colors.t3,
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 11,
      // Its licence asks for a link, not for the logo: the footer and the Account view have one.
      attributionLogo: false,
    },
    grid: {
      vertLines: { color: faded(colors.line, 0.7) },
      horzLines: { color: faded(colors.line, 0.7) },
    },
    rightPriceScale: { borderColor: colors.line },
    timeScale: { borderColor: colors.line },
    crosshair: {
      vertLine: { color: colors.t3, labelBackgroundColor: colors.line2 },
      horzLine: { color: colors.t3, labelBackgroundColor: colors.line2 },
    },
  };
}

/** Options of the candles. */
export function candleOptions(colors) {
  return {
    upColor: colors.up,
    downColor: colors.down,
    wickUpColor: colors.up,
    wickDownColor: colors.down,
    borderVisible: false,
  };
}

/** Colour of a bar's volume. */
export function volumeColor(bar, colors) {
  return faded(bar.close >= bar.open ? colors.up : colors.down, 0.22);
}

/** Calls back when the page changes its theme; returns the function that stops it. */
export function onThemeChange(callback) {
  const observer = new MutationObserver(callback);
  const attributeFilter = ["class", "style", "data-theme", "data-palette", "data-contrast"];
  observer.observe(document.documentElement, { attributes: true, attributeFilter });
  return () => observer.disconnect();
}
