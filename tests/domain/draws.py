"""Values that hypothesis draws: sizes, prices and skews within what a listed market allows."""

from fractions import Fraction

from hypothesis import strategies as st

from quantdesk.domain.market import BTC, ETH, SOL

MARKETS = st.sampled_from((SOL, BTC, ETH))
SIZES = st.integers(1, 4 * 10**14)
TRADES = st.builds(lambda size, sign: size * sign, SIZES, st.sampled_from((-1, 1)))
SKEWS = st.integers(-2 * 10**14, 2 * 10**14)
PRICES = st.integers(1, 2 * 10**11)
CONFIDENCES = st.integers(0, 10**9)
INDICES = st.integers(-(10**15), 10**15)
EQUITIES = st.integers(-(10**12), 10**13)


def ceiling(exact: Fraction) -> int:
    """Smallest integer not below `exact`."""
    return -(-exact.numerator // exact.denominator)


def floor(exact: Fraction) -> int:
    """Largest integer not above `exact`."""
    return exact.numerator // exact.denominator
