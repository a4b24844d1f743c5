"""Writes the golden files: hand-written boundaries first, then draws from a fixed seed.

Run: python -m tests.golden.generate
"""

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path

from quantdesk.domain.claims import CLAIM_ONE, UNPAID_MIN_E12
from quantdesk.domain.money import SIZE_ONE, USD_ONE
from tests.golden.calls import CALLS, Numbers

FOLDER = Path(__file__).parent
DRAWN = 60

BASE_SIZES = (1, 7, SIZE_ONE, 10**13, 2 * 10**14)
SOL_STORY = {"price_e6": 150 * USD_ONE, "conf_e6": 50_000}
FLAT_20X = {"imr_e6": 50_000, "mmr_e6": 25_000}


def text_of(call: str) -> str:
    """The file of one call as it should be."""
    cases = []
    for name, given in named_cases(call):
        taken = CALLS[call](given)
        cases.append({"name": name, "in": strings(given), "out": strings(taken)})
    body = {"format": 1, "call": call, "cases": cases}
    return json.dumps(body, indent=1) + "\n"


def named_cases(call: str) -> list[tuple[str, Numbers]]:
    """Boundaries by their own names, then numbered draws."""
    source = random.Random(f"quantdesk {call}")  # noqa: S311 - test data, not a secret
    drawn = [(f"draw {number}", DRAWS[call](source)) for number in range(DRAWN)]
    return [*BOUNDARIES.get(call, {}).items(), *drawn]


def strings(numbers: Mapping[str, int]) -> dict[str, str]:
    """Every integer as decimal text."""
    return {name: str(int(number)) for name, number in numbers.items()}


def draw_price(source: random.Random) -> dict[str, int]:
    price = source.choice((source.randint(1, 10**6), source.randint(10**6, 2 * 10**11)))
    return {"price_e6": price, "conf_e6": source.randint(0, max(1, price // 50))}


def draw_size(source: random.Random) -> int:
    return source.choice((-1, 1)) * source.randint(1, source.choice(BASE_SIZES))


def draw_trade_cost(source: random.Random) -> Numbers:
    return {
        "trade_e9": draw_size(source),
        "skew_e9": draw_size(source),
        **draw_price(source),
        "spread_e6": source.randint(0, 1_000),
        "impact_e6": source.randint(0, 4_000),
        "conf_weight_e6": source.randint(0, 2 * 10**6),
    }


def draw_fees(source: random.Random) -> Numbers:
    return {
        "cost_e6": source.choice((-1, 1)) * source.randint(0, 10 ** source.randint(1, 12)),
        "rate_e6": source.randint(0, 2_000),
        "keeper_reward_e6": source.randint(0, 200_000),
        "waited_s": source.randint(-5, 90),
    }


def draw_funding(source: random.Random) -> Numbers:
    return {
        "skew_e9": draw_size(source),
        "price_e6": draw_price(source)["price_e6"],
        "elapsed_s": source.randint(0, 3_600),
        "snapshot": source.randint(-(10**15), 10**15),
        "size_e9": draw_size(source),
    }


def draw_fill(source: random.Random) -> Numbers:
    size, trade = source.choice((0, draw_size(source))), draw_size(source)
    price = draw_price(source)["price_e6"]
    return {
        "size_e9": size,
        "entry_e6": size * price // SIZE_ONE + (source.randint(-999, 999) if size else 0),
        "trade_e9": source.choice((trade, -size or trade)),
        "cost_e6": trade * price // SIZE_ONE + source.randint(-999, 999),
        "index": source.randint(-(10**15), 10**15),
    }


def draw_requirement(source: random.Random) -> Numbers:
    size, quoted = draw_size(source), draw_price(source)
    return {
        "size_e9": size,
        "entry_e6": size * quoted["price_e6"] // SIZE_ONE + source.randint(-(10**6), 10**6),
        "leverage": source.choice((1, 3, 7, 20, 50, 100)),
        **quoted,
    }


def draw_liquidation(source: random.Random) -> Numbers:
    drawn = dict(draw_requirement(source))
    value = abs(drawn["size_e9"]) * drawn["price_e6"] // SIZE_ONE
    drawn["equity_e6"] = source.randint(-value // 50 - 5, value // 200 + 5)
    drawn["owed_e6"] = source.choice((0, source.randint(0, value // 100 + 5)))
    return {**drawn, **source.choice((FLAT_20X, {}))}


def draw_pool(source: random.Random) -> Numbers:
    return {
        "long_e9": source.randint(0, 2 * 10**14),
        "short_e9": source.randint(0, 2 * 10**14),
        "entry_sum_e6": source.randint(-(10**13), 10**13),
        "funding_index": source.randint(-(10**13), 10**13),
        "funding_snapshot_sum": source.randint(-(10**27), 10**27),
        "price_e6": draw_price(source)["price_e6"],
    }


def draw_reading(source: random.Random) -> Numbers:
    return {
        "price": source.randint(-100, 10**13),
        "conf": source.randint(0, 10**10),
        "exponent": source.randint(-12, -6),
    }


def draw_grading(source: random.Random) -> Numbers:
    now, last = 1_000_000, 100 * USD_ONE
    last_time = now - source.choice((0, 1, 4, 5, 6, 30, 59, 60, 61, 300))
    pending = source.choice((0, last * 80 // 100))
    return {
        "price_e6": last * source.choice((0, 79, 80, 88, 89, 90, 91, 100, 110, 111)) // 100,
        "conf_e6": source.choice((0, 400_000, 500_000, 600_000)),
        "publish_time": now - source.choice((-3, -2, 0, 1, 5, 6, 10, 11, 20, 21)),
        "last_price_e6": source.choice((0, last, last, last)),
        "last_publish_time": last_time,
        "pending_price_e6": pending,
        "pending_publish_time": last_time + source.randint(-2, 4) if pending else 0,
        "action": source.randrange(5),
        "now": now,
    }


def draw_outflow(source: random.Random) -> Numbers:
    return {
        "floor": source.randint(0, 10**6),
        "share_e6": source.randint(0, 10**6),
        "level": source.randint(0, 10**6),
        "updated_at": 1_000,
        "amount": source.randint(1, 10**6),
        "tokens": source.randint(0, 10**7),
        "now": 1_000 + source.randint(0, 4_000),
    }


def draw_trigger(source: random.Random) -> Numbers:
    kind, price = source.randint(2, 5), source.randint(1, 2 * 10**11)
    near = max(1, price + source.choice((-1, 0, 1, price // 50, -price // 50)))
    is_trailing = kind == 5
    return {
        "kind": kind,
        "size_e9": source.choice((-1, 1)),
        "trigger_price_e6": 0 if is_trailing else near,
        "trailing_bps": source.choice((1, 7, 100, 200, 5_000)) if is_trailing else 0,
        "watermark_e6": near if is_trailing else 0,
        "price_e6": price,
    }


def draw_claims(source: random.Random) -> Numbers:
    claims = source.randint(1, 10 ** source.randint(1, 14))
    return {
        "index": source.randint(0, 3) * CLAIM_ONE + source.randint(0, CLAIM_ONE - 1),
        "claims_e6": claims,
        "paid_e6": source.choice((0, claims, source.randint(0, claims))),
        "held_e6": source.randint(0, claims),
    }


def draw_sale(source: random.Random) -> Numbers:
    return {
        **draw_price(source),
        "decimals": source.choice((6, 8, 9)),
        "discount_e6": source.choice((0, 5_000, 20_000)),
        "amount": source.randint(1, 10 ** source.randint(1, 15)),
        "debt_e6": source.randint(1, 10 ** source.randint(1, 13)),
    }


def draw_ramp(source: random.Random) -> Numbers:
    maint, maint_from = source.randint(0, 10**6), source.randint(0, 10**6)
    started = source.choice((0, 1_760_000_000))
    return {
        "init_e6": source.randint(0, maint),
        "maint_e6": maint,
        "init_from_e6": source.randint(0, maint_from),
        "maint_from_e6": maint_from,
        "started_at": started,
        "now": started + source.randint(-10, 700_000),
    }


DRAWS: Mapping[str, Callable[[random.Random], Numbers]] = {
    "trade_cost": draw_trade_cost,
    "fees": draw_fees,
    "funding": draw_funding,
    "fill": draw_fill,
    "requirement": draw_requirement,
    "liquidation": draw_liquidation,
    "pool": draw_pool,
    "reading": draw_reading,
    "grading": draw_grading,
    "outflow": draw_outflow,
    "trigger": draw_trigger,
    "claims": draw_claims,
    "sale": draw_sale,
    "ramp": draw_ramp,
}

BOUNDARIES: Mapping[str, Mapping[str, Numbers]] = {
    "trade_cost": {
        "the story buys 100": {"trade_e9": 100 * SIZE_ONE, "skew_e9": 0, **SOL_STORY},
        "the story sells 40": {
            "trade_e9": -40 * SIZE_ONE,
            "skew_e9": 100 * SIZE_ONE,
            "price_e6": 156 * USD_ONE,
            "conf_e6": 50_000,
        },
        "the largest order at a high price": {
            "trade_e9": 4 * 10**14,
            "skew_e9": -2 * 10**14,
            "price_e6": 2 * 10**11,
            "conf_e6": 10**9,
        },
        "one unit at one unit": {"trade_e9": 1, "skew_e9": 0, "price_e6": 1, "conf_e6": 0},
        "minus one unit": {"trade_e9": -1, "skew_e9": 0, "price_e6": 1, "conf_e6": 0},
    },
    "fill": {
        "the story reduces": {
            "size_e9": 100 * SIZE_ONE,
            "entry_e6": 15_008_022_500,
            "trade_e9": -40 * SIZE_ONE,
            "cost_e6": -6_236_766_976,
            "index": 150_000_000,
        },
    },
    "liquidation": {
        "the story at 132": {
            "size_e9": 60 * SIZE_ONE,
            "entry_e6": 9_004_813_500,
            "leverage": 20,
            "price_e6": 132 * USD_ONE,
            "conf_e6": 50_000,
            "equity_e6": 138_107_080,
            "owed_e6": 0,
            **FLAT_20X,
        },
        "a close that owes the pool ten dollars": {
            "size_e9": 60 * SIZE_ONE,
            "entry_e6": 9_004_813_500,
            "leverage": 20,
            "price_e6": 132 * USD_ONE,
            "conf_e6": 50_000,
            "equity_e6": 138_107_080,
            "owed_e6": 10 * USD_ONE,
            **FLAT_20X,
        },
        "dust closes whole": {
            "size_e9": 666_666_666,
            "entry_e6": 100 * USD_ONE,
            "leverage": 20,
            "price_e6": 149 * USD_ONE,
            "conf_e6": 0,
            "equity_e6": 1,
            "owed_e6": 1,
            **FLAT_20X,
        },
    },
    "claims": {
        "the last unit closes the epoch": {
            "index": 2 * CLAIM_ONE - 1,
            "claims_e6": 1,
            "paid_e6": 1,
            "held_e6": 1,
        },
        "a unit too few": {"index": 0, "claims_e6": 3, "paid_e6": 1, "held_e6": 1},
        "all but a unit": {
            "index": 0,
            "claims_e6": 10**10,
            "paid_e6": 10**10 - 1,
            "held_e6": 10**9,
        },
        "a share that stands at its least": {
            "index": CLAIM_ONE - UNPAID_MIN_E12,
            "claims_e6": 10**12,
            "paid_e6": 10**12 - 1,
            "held_e6": 10**9,
        },
        "a coarse share": {
            "index": CLAIM_ONE - 2 * UNPAID_MIN_E12,
            "claims_e6": 2 * 10**12,
            "paid_e6": 1_999_999,
            "held_e6": 10**9,
        },
    },
    "sale": {
        "nothing sells at a price of its own doubt": {
            "price_e6": 5,
            "conf_e6": 5,
            "decimals": 9,
            "discount_e6": 20_000,
            "amount": 10**9,
            "debt_e6": 1,
        },
    },
    "reading": {
        "a price of zero": {"price": 0, "conf": 7, "exponent": -8},
        "below a millionth": {"price": 99, "conf": 1, "exponent": -8},
        "exactly a millionth": {"price": 100, "conf": 1, "exponent": -8},
    },
}


def main() -> None:
    """Writes every file."""
    for call in CALLS:
        (FOLDER / f"{call}.json").write_text(text_of(call))


if __name__ == "__main__":
    main()
