"""Words: amounts, sizes and prices as messages and summaries write them."""

from __future__ import annotations

from quantdesk.domain.money import Fixed, Price, Size, Usd


def usdc(amount_e6: int) -> str:
    """`12.5 USDC` for 12,500,000."""
    return f"{_plain(Usd(amount_e6))} USDC"


def size(size_e9: int, symbol: str) -> str:
    """`1.5 SOL` for 1,500,000,000 of SOL-PERP."""
    return f"{_plain(Size(abs(size_e9)))} {symbol.partition('-')[0]}"


def price(price_e6: int) -> str:
    """`150.25` for 150,250,000."""
    return _plain(Price(price_e6))


def _plain(number: Fixed) -> str:
    text = str(number)
    return text.rstrip("0").rstrip(".") if "." in text else text
