"""Bench of the liquidation scan: one price change over many accounts, against a bare pass."""

import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

from quantdesk.domain.market import SOL
from quantdesk.domain.money import SIZE_ONE, USD_ONE
from quantdesk.domain.scanner import Holding, Leg, Scanner
from quantdesk.world.bench.figure import Figure, compared

START_PRICE_E6 = 100 * USD_ONE
OPEN_MARKETS_MAX = 4
BASIS_POINT = 10_000
PRICE_CHANGE_GOAL_US = 10.0
SCANS = 21


def measure_liquidation(accounts: int = 100_000, changes: int = 4_000) -> Iterator[Figure]:
    """One price change by the scanner, and a full pass, each beside a bare pass over the accounts.

    Raises ArithmeticError when the scanner's verdicts are not those of the full pass.
    """
    found = bench_liquidation_scan(accounts, changes=changes)
    if not found["equals_full_pass"]:
        raise ArithmeticError("the scanner and a full pass disagree about who is liquidatable")
    bare = ("bare pass over every leg in memory, same process", found["bare_pass_us"])
    load = f"{accounts} accounts of 1 to {OPEN_MARKETS_MAX} positions in {found['markets']:.0f}"
    load += f" markets, put in within {found['build_s']} s beforehand; funding stands still;"
    load += " verdicts equal to the full pass at the end"
    yield compared(
        "chain.liquidation_price_change",
        found["mean_us"],
        "us",
        peer=bare,
        method=f"mean of {changes} changes of up to a basis point, every verdict kept exact; median"
        f" {found['median_us']} us, 99th percentile {found['p99_us']} us; {load}",
    )
    yield Figure(
        name="chain.liquidation_price_change.median",
        value=found["median_us"],
        unit="us",
        vs="goal: 10 us",
        ratio=round(found["median_us"] / PRICE_CHANGE_GOAL_US, 3),
        method=f"as the mean; {found['judged']} accounts had to be judged anew in one change",
    )
    yield compared(
        "chain.liquidation_scan",
        found["scan_us"],
        "us",
        peer=bare,
        method=f"prices of all {found['markets']:.0f} markets move by up to a tenth of a percent"
        f" and who is liquidatable is known again, exactly; median of {SCANS}; {load}",
    )
    yield compared(
        "chain.liquidation_full_pass",
        found["full_pass_us"],
        "us",
        peer=bare,
        method=f"every account judged in integers, which a price change never needs; {load}",
    )


def bench_liquidation_scan(
    accounts: int = 100_000, markets: int = 20, changes: int = 4_000
) -> dict[str, float]:
    """Microseconds for one price change by the scanner, by full pass, and by bare memory pass.

    Prices walk by up to a basis point, as a feed that publishes every 400 ms does. `mean` counts
    the accounts that had to be judged again; `judged` says how many that were in one change.
    """
    source = random.Random(7)  # noqa: S311 - a repeatable load, not a secret
    listed = {number: replace(SOL, index=number) for number in range(markets)}
    scanner = Scanner(listed, dict.fromkeys(listed, START_PRICE_E6))
    started = time.perf_counter()
    for number in range(accounts):
        scanner.put(number, _holding(source, markets))
    built_s = time.perf_counter() - started
    took_us, judged = [], 0
    for _ in range(changes):
        market = source.randrange(markets)
        price = scanner.prices_e6[market]
        moved = price + price * source.randint(-100, 100) // (100 * BASIS_POINT)
        started = time.perf_counter()
        judged += len(scanner.move_price(market, moved))
        took_us.append((time.perf_counter() - started) * 1e6)
    scan_us = statistics.median(_scan(scanner, source) for _ in range(SCANS))
    full_us, is_same = _full_pass(scanner)
    return {
        "accounts": accounts,
        "markets": markets,
        "median_us": round(statistics.median(took_us), 2),
        "p99_us": round(statistics.quantiles(took_us, n=100)[98], 2),
        "mean_us": round(statistics.fmean(took_us), 2),
        "judged": round(judged / changes, 3),
        "scan_us": round(scan_us),
        "full_pass_us": round(full_us),
        "bare_pass_us": round(statistics.median(_bare_pass(scanner) for _ in range(SCANS))),
        "build_s": round(built_s, 2),
        "equals_full_pass": float(is_same),
    }


def _scan(scanner: Scanner, source: random.Random) -> float:
    moved = {
        market: price + price * source.randint(-10, 10) // BASIS_POINT
        for market, price in scanner.prices_e6.items()
    }
    started = time.perf_counter()
    for market, price in moved.items():
        scanner.move_price(market, price)
    return (time.perf_counter() - started) * 1e6


def _holding(source: random.Random, markets: int) -> Holding:
    chosen = source.sample(range(markets), source.randint(1, OPEN_MARKETS_MAX))
    worth_e6 = source.randint(100, 50_000) * USD_ONE
    legs = tuple(_leg(source, market, worth_e6 // len(chosen)) for market in chosen)
    leverage = source.randint(1, 20)
    return Holding(worth_e6 // leverage, legs)


def _leg(source: random.Random, market: int, worth_e6: int) -> Leg:
    size_e9 = worth_e6 * SIZE_ONE // START_PRICE_E6 * source.choice((-1, 1))
    return Leg(market, size_e9, size_e9 * START_PRICE_E6 // SIZE_ONE)


def _full_pass(scanner: Scanner) -> tuple[float, bool]:
    started = time.perf_counter()
    found = scanner.full_scan()
    return (time.perf_counter() - started) * 1e6, found == scanner.liquidatable


def _bare_pass(scanner: Scanner) -> float:
    started = time.perf_counter()
    for holding in scanner.holdings.values():
        for _ in holding.legs:
            pass
    return (time.perf_counter() - started) * 1e6
