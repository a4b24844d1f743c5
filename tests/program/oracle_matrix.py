"""Which price each instruction accepts: every price that it reads, spoilt in every way.

    python -m tests.program.oracle_matrix     writes oracle_matrix.json

The good cases of the negative matrix, and reductions, run on a full house in which one price at a
time is wide, old, jumped, not positive or dated ahead. What is not refused for its price counts as
accepted, whatever else the instruction then says.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import price_update
from quantdesk.domain.oracle import PriceReading
from tests.domain.onchain import token_feed
from tests.program.good_cases import good_cases
from tests.program.matrix.registry import Prepare
from tests.program.matrix.stage import Stage
from tests.program.scene import BASE, USD, order_params

MATRIX = Path(__file__).parent / "oracle_matrix.json"
AGES_S = (5, 6, 10, 11, 20, 21)
OWN, OTHER, TOKEN = "its market", "another market", "a collateral"
PRICE_ERRORS = {"StalePrice", "WidePrice", "PriceJumped", "NegativePrice", "FuturePrice"}
REFUSED = "no"

Row = dict[str, str | int]


def reduce_by_order(stage: Stage) -> Instruction:
    """An order that can only make the position smaller."""
    params = order_params(960, -BASE, reduce_only=True)
    return stage.build.place_order(stage.trader(stage.alice), 0, params)


def reduce(stage: Stage) -> Instruction:
    """The same, filled."""
    stage.require(stage.place(stage.alice, -BASE, reduce_only=True))
    stage.later()
    return stage.build.execute_order(
        stage.trader(stage.alice), stage.order(stage.alice), 0, keeper=stage.keeper
    )


REDUCTIONS: dict[str, Prepare] = {
    "place_order (to reduce)": reduce_by_order,
    "execute_order (to reduce)": reduce,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A price: whose it is, where it lies, and what it is when all is well."""

    role: str
    oracle: Pubkey
    usd: int
    market: int | None


def measured() -> dict[str, dict[str, Row]]:
    """By case and price: which faults are accepted, and the oldest age in seconds that is."""
    prepared = {name: case.prepare for name, case in good_cases().items() if not case.is_bare}
    found: dict[str, dict[str, Row]] = {}
    for name, prepare in sorted((prepared | REDUCTIONS).items()):
        stage = Stage()
        instruction = prepare(stage)
        named = {meta.pubkey for meta in instruction.accounts}
        rows = {feed.role: row_of(prepare, feed) for feed in feeds(stage) if feed.oracle in named}
        if rows:
            found[name] = rows
    return found


def feeds(stage: Stage) -> list[Feed]:
    """The house's three prices."""
    return [
        Feed(role=OWN, oracle=price_update(stage.feeds[0]), usd=stage.prices[0], market=0),
        Feed(role=OTHER, oracle=price_update(stage.feeds[1]), usd=stage.prices[1], market=1),
        Feed(role=TOKEN, oracle=price_update(token_feed(1)), usd=100, market=None),
    ]


def row_of(prepare: Prepare, feed: Feed) -> Row:
    """What becomes of the instruction at each fault of one price."""
    row: Row = {}
    stage = Stage()
    instruction = prepare(stage)
    for market in stage.feeds:
        stage.require(stage.do("look", stage.build.update_oracle_price(market), stage.keeper))
    stage.known.update(meta.pubkey for meta in instruction.accounts)
    before = stage.snapshot()
    for fault in ("wide", "not positive", "ahead", "jumped"):
        spoil(stage, feed, fault)
        row[fault] = verdict(stage.attempt(instruction))
        stage.restore(before)
    row["oldest_s"] = oldest_accepted_s(stage, instruction, feed)
    return row


def spoil(stage: Stage, feed: Feed, fault: str) -> None:
    """Publishes one price with a fault, dated now or three seconds ahead."""
    price = feed.usd * USD
    conf = price // 4 if fault == "wide" else price // 10_000
    if fault == "jumped":
        stage.later(1)
        price += price // 5
    if fault == "not positive":
        price = 0
    ahead = 3 if fault == "ahead" else 0
    publish(stage, feed, PriceReading(price_e6=price, conf_e6=conf, publish_time=stage.now + ahead))


def publish(stage: Stage, feed: Feed, reading: PriceReading) -> None:
    """Puts a reading where the feed's price lies."""
    if feed.market is None:
        stage.publish_token(1, reading, slot=stage.slot)
    else:
        stage.publish(feed.market, reading, slot=stage.slot)


def oldest_accepted_s(stage: Stage, instruction: Instruction, feed: Feed) -> int | str:
    """The oldest of the ages tried at which the price still does; all of them: any."""
    started, oldest = stage.now, -1
    price = PriceReading(price_e6=feed.usd * USD, conf_e6=feed.usd * 100, publish_time=started)
    for age in AGES_S:
        stage.later(started + age - stage.now)
        publish(stage, feed, price)
        before = stage.snapshot()
        if verdict(stage.attempt(instruction)) == REFUSED:
            return oldest
        stage.restore(before)
        oldest = age
    return "any"


def verdict(outcome: str) -> str:
    """Whether a price did: `yes`, or `no`; the runtime's own errors would say nothing of it."""
    assert outcome not in ("InsufficientFunds", "AccountNotSigner"), outcome
    return REFUSED if outcome in PRICE_ERRORS else "yes"


if __name__ == "__main__":
    MATRIX.write_text(json.dumps(measured(), indent=1) + "\n")
