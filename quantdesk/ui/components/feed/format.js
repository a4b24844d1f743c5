// Numbers as a trader reads them: integers with a unit in, text out.
//
// Money never becomes a floating point number on its way to the screen. A missing figure is "-",
// never 0. Minus is the true minus sign.

export const MISSING = "-";
const MINUS = "−";
const PRICE_DECIMALS = { "SOL-PERP": 2, "BTC-PERP": 1, "ETH-PERP": 2 };

/** Decimals of a market's tick. */
export function priceDecimals(market) {
  return PRICE_DECIMALS[market] ?? 2;
}

/** BigInt of an integer that came as number or text. */
export function integer(value) {
  return typeof value === "bigint" ? value : BigInt(value);
}

/** Division towards minus infinity, as the program divides. */
export function floorDiv(dividend, divisor) {
  const quotient = dividend / divisor;
  return dividend % divisor !== 0n && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient;
}

/** `units` of 10^-scale with exactly `decimals` places: half away from zero, or cut towards it. */
export function fixed(units, scale, decimals, { sign = false, cut = false } = {}) {
  if (units == null) return MISSING;
  const value = integer(units);
  const size = value < 0n ? -value : value;
  const step = 10n ** BigInt(Math.max(scale - decimals, 0));
  const shown =
    scale > decimals
      ? (cut ? size : size + step / 2n) / step
      : size * 10n ** BigInt(decimals - scale);
  const digits = shown.toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ",");
  const text = decimals ? `${whole}.${digits.slice(-decimals)}` : whole;
  if (shown === 0n) return text;
  return value < 0n ? MINUS + text : sign ? `+${text}` : text;
}

/** `154.20`, by the market's tick. */
export function price(priceE6, market) {
  return fixed(priceE6, 6, priceDecimals(market));
}

/** `38,918.84`; digits are cut, as everywhere for what is left to spend. */
export function usd(valueE6, decimals = 2) {
  return fixed(valueE6, 6, decimals, { cut: true });
}

/** `+12,815.45`, `−698.70`. */
export function signedUsd(valueE6, decimals = 2) {
  return fixed(valueE6, 6, decimals, { sign: true, cut: true });
}

/** `+4.46 %` of part in whole; missing when the whole is zero. */
export function percent(part, whole, decimals = 2) {
  if (part == null || whole == null || integer(whole) === 0n) return MISSING;
  const scaled = (integer(part) * 10n ** BigInt(decimals + 4)) / integer(whole);
  return `${fixed(scaled, decimals + 2, decimals, { sign: true })} %`;
}

/** `+0.00125 %` of a funding rate per hour, fraction e6. */
export function fundingRate(rateE6) {
  return rateE6 == null ? MISSING : `${fixed(rateE6, 4, 5, { sign: true })} %`;
}

/** `41,250 / 40,000`: both with as many decimals as the larger needs. */
export function baseAmounts(longE9, shortE9) {
  if (longE9 == null || shortE9 == null) return MISSING;
  const whole = [longE9, shortE9].map((size) => integer(size) / 10n ** 9n);
  const largest = whole[0] > whole[1] ? whole[0] : whole[1];
  const isZero = integer(longE9) === 0n && integer(shortE9) === 0n;
  const decimals = isZero || largest >= 1000n ? 0 : largest >= 10n ? 2 : 4;
  return `${fixed(longE9, 9, decimals)} / ${fixed(shortE9, 9, decimals)}`;
}

/** `$48,216,490`. */
export function dollars(value) {
  return value == null ? MISSING : `$${fixed(Math.round(value), 0, 0)}`;
}

/** `48.2M`: three significant digits. */
export function compact(value) {
  if (value == null) return MISSING;
  for (const [limit, unit] of [[1e9, "B"], [1e6, "M"], [1e3, "K"]]) {
    if (value >= limit) return `${(value / limit).toPrecision(3)}${unit}`;
  }
  return value.toPrecision(3);
}

/** `0.2 s`, `7 s`, `3 min`. */
export function ageText(ageMs) {
  if (ageMs == null) return MISSING;
  if (ageMs < 5000) return `${(ageMs / 1000).toFixed(1)} s`;
  if (ageMs < 120_000) return `${Math.floor(ageMs / 1000)} s`;
  return ageMs < 7_200_000 ? `${Math.floor(ageMs / 60_000)} min` : "hours";
}

/** `11:41:52` UTC. */
export function clock(ms) {
  return new Date(ms).toISOString().slice(11, 19);
}

/** Unrealised profit of a signed size with a signed entry cost, USD e6. */
export function pnl(sizeE9, entryE6, markE6) {
  return floorDiv(integer(sizeE9) * integer(markE6), 10n ** 9n) - integer(entryE6);
}

/** up | down | flat. */
export function direction(value) {
  const number = value == null ? 0n : integer(value);
  return number > 0n ? "up" : number < 0n ? "down" : "flat";
}
