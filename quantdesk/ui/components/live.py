"""Placeholder until feed arrives."""
import reflex as rx
def _s(text, cls=""): return rx.el.span(text, class_name=cls)
def live_price(market): return _s("154.20", "live-price up")
_STAT = {"change_24h": "▲ +6.58 · +4.46 %", "high_24h": "159.23", "low_24h": "144.59", "volume_24h": "$48,216,490", "open_interest": "41,250 / 40,000 SOL", "funding_1h": "+0.00125 %", "oracle": "154.19 ± 0.05"}
def live_stat(market, field): return _s(_STAT[field], "up" if field == "change_24h" else "")
def age_chip(market): return rx.el.span(rx.el.i(class_name="dot"), "live · 0.2 s", class_name="age-chip", custom_attrs={"data-grade": "live"})
def feed_status(): return rx.el.span(rx.el.i(class_name="dot"), "Operational", class_name="age-chip", custom_attrs={"data-grade": "live"})
def live_pnl(market, size_e9, entry_e6, margin_e6=0): return _s("▲ +12,815.45 +83.1 %", "up")
def live_notional(market, size_e9): return _s("308,400.00")
def live_distance(market, price_e6): return _s("−10.2 %", "t3")
def live_equity(balance_e6, exposures): return _s("38,918.84")
def live_unrealized(exposures): return _s("▲ +13,794.35", "up")
def live_title(market): return rx.fragment()
def utc_clock(): return _s("11:41:52")
def candle_chart(market, resolution_s, lines): return rx.el.div(class_name="chart-placeholder")
