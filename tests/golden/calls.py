"""The golden calls: each takes named integers and gives named integers, by the twin."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from quantdesk.domain.account import AccountState
from quantdesk.domain.claims import index_after, marked, payable_e6
from quantdesk.domain.conversion import Tariff
from quantdesk.domain.cost import adverse_impact_e6, closing_cost_e6, trade_cost_e6
from quantdesk.domain.fees import fee_split, keeper_reward_e6
from quantdesk.domain.funding import funding_owed_e6, funding_rate_e6, index_step
from quantdesk.domain.liquidation import close_size_e9, penalty
from quantdesk.domain.margin import (
    Exposure,
    initial_e6,
    initial_fraction_e6,
    maintenance_e6,
)
from quantdesk.domain.market import SOL, STANDARD_TIERS, MarketParams, MarketState
from quantdesk.domain.oracle import Action, PriceReading, grade, reading_of
from quantdesk.domain.order import Kind, Order
from quantdesk.domain.pool import market_reserve_e6, market_value_e6
from quantdesk.domain.position import Position, filled
from quantdesk.domain.trigger import followed, is_awake
from quantdesk.domain.vault import Outflow, VaultState

Numbers = Mapping[str, int]
Call = Callable[[Numbers], dict[str, int]]

ACTIONS = (Action.GROW, Action.REDUCE, Action.LIQUIDATE, Action.WITHDRAW, Action.FUND)
"""Order in which golden cases number the actions."""


def terms(given: Numbers) -> MarketParams:
    """SOL's terms with whatever the case names; the standard tiers unless it gives a flat one."""
    named = {name: given[name] for name in given if name in MarketParams.__dataclass_fields__}
    params = replace(SOL, **named)  # type: ignore[arg-type]
    if "imr_e6" not in given:
        return params
    tier = replace(
        STANDARD_TIERS[-1], max_leverage=20, imr_e6=given["imr_e6"], mmr_e6=given["mmr_e6"]
    )
    return replace(params, tiers=(tier,))


def exposure(given: Numbers) -> Exposure:
    """The exposure that a case describes."""
    return Exposure(
        params=terms(given),
        size_e9=given["size_e9"],
        entry_e6=given["entry_e6"],
        leverage=given["leverage"],
        price_e6=given["price_e6"],
        conf_e6=given["conf_e6"],
        funding_owed_e6=given.get("funding_owed_e6", 0),
    )


def trade_cost(given: Numbers) -> dict[str, int]:
    """Cost of a trade, and of the same trade as a liquidation, with the impact it owes then."""
    cost = trade_cost_e6(
        terms(given),
        given["trade_e9"],
        skew_e9=given["skew_e9"],
        price_e6=given["price_e6"],
        conf_e6=given["conf_e6"],
    )
    impact = adverse_impact_e6(
        terms(given), given["trade_e9"], skew_e9=given["skew_e9"], price_e6=given["price_e6"]
    )
    closing = closing_cost_e6(given["trade_e9"], given["price_e6"])
    return {"cost_e6": cost, "closing_cost_e6": closing, "adverse_impact_e6": impact}


def fees(given: Numbers) -> dict[str, int]:
    """A fee and its receivers, with a reward that has faded."""
    reward = keeper_reward_e6(given["keeper_reward_e6"], Kind.MARKET, waited_s=given["waited_s"])
    split = fee_split(given["cost_e6"], given["rate_e6"], keeper_reward_e6=reward)
    return {
        "fee_e6": split.fee_e6,
        "insurance_e6": split.insurance_e6,
        "keeper_e6": split.keeper_e6,
        "pool_e6": split.pool_e6,
    }


def funding(given: Numbers) -> dict[str, int]:
    """Growth of the index and what a position owes for it."""
    params = terms(given)
    skew = given["skew_e9"]
    step = index_step(params, skew, price_e6=given["price_e6"], elapsed_s=given["elapsed_s"])
    snapshot = given["snapshot"]
    owed = funding_owed_e6(given["size_e9"], index=snapshot + step, snapshot=snapshot)
    return {"rate_e6": funding_rate_e6(params, skew), "index_step": step, "owed_e6": owed}


def fill(given: Numbers) -> dict[str, int]:
    """A position after a trade."""
    position = Position(
        account="",
        market_index=0,
        size_e9=given["size_e9"],
        entry_e6=given["entry_e6"],
        funding_index=given["index"] if given["size_e9"] else 0,
        max_leverage=10 if given["size_e9"] else 0,
    )
    outcome = filled(
        position, given["trade_e9"], given["cost_e6"], index=given["index"], leverage=20
    )
    after = outcome.position
    return {
        "realized_e6": outcome.realized_e6,
        "size_after_e9": after.size_e9,
        "entry_after_e6": after.entry_e6,
        "index_after": after.funding_index,
        "max_leverage_after": after.max_leverage,
    }


def requirement(given: Numbers) -> dict[str, int]:
    """Value, profit and requirements of an exposure."""
    held = exposure(given)
    return {
        "notional_e6": held.notional_e6,
        "pnl_e6": held.pnl_e6,
        "lapsed_pnl_e6": replace(held, has_lapsed=True).pnl_e6,
        "adverse_pnl_e6": held.adverse_pnl_e6,
        "initial_fraction_e6": initial_fraction_e6(held),
        "initial_e6": initial_e6(held),
        "maintenance_e6": maintenance_e6(held),
    }


def liquidation(given: Numbers) -> dict[str, int]:
    """Size of a liquidation with nothing elsewhere, its penalty and the impact it pays."""
    held, impact = exposure(given), given["owed_e6"]
    size = close_size_e9(held, (), equity_e6=given["equity_e6"], impact_e6=impact)
    cost = closing_cost_e6(-size if held.size_e9 > 0 else size, held.price_e6)
    left = held.size_e9 - size if held.size_e9 > 0 else held.size_e9 + size
    after = maintenance_e6(replace(held, size_e9=left))
    charge = penalty(
        held,
        cost_e6=cost,
        impact_e6=impact * size // abs(held.size_e9),
        equity_e6=given["equity_e6"],
        maintenance_e6=(maintenance_e6(held), after),
    )
    return {
        "close_e9": size,
        "cost_e6": cost,
        "insurance_e6": charge.insurance_e6,
        "liquidator_e6": charge.liquidator_e6,
        "impact_e6": charge.impact_e6,
    }


def pool(given: Numbers) -> dict[str, int]:
    """What a market is worth to the pool, and the reserve it asks for."""
    market = MarketState(
        params=SOL,
        long_e9=given["long_e9"],
        short_e9=given["short_e9"],
        entry_sum_e6=given["entry_sum_e6"],
        funding_index=given["funding_index"],
        funding_snapshot_sum=given["funding_snapshot_sum"],
    )
    return {
        "value_e6": market_value_e6(market, given["price_e6"]),
        "reserve_e6": market_reserve_e6(market, given["price_e6"]),
    }


def reading(given: Numbers) -> dict[str, int]:
    """A publisher's mantissas as e6."""
    read = reading_of(
        price=given["price"], conf=given["conf"], exponent=given["exponent"], publish_time=0
    )
    return {"price_e6": read.price_e6, "conf_e6": read.conf_e6}


def grading(given: Numbers) -> dict[str, int]:
    """Grade of a reading for an action, numbered as in ACTIONS."""
    market = MarketState(
        params=SOL,
        last_price_e6=given["last_price_e6"],
        last_publish_time=given["last_publish_time"],
        pending_price_e6=given["pending_price_e6"],
        pending_publish_time=given["pending_publish_time"],
    )
    seen = PriceReading(
        price_e6=given["price_e6"],
        conf_e6=given["conf_e6"],
        publish_time=given["publish_time"],
    )
    return {"grade": grade(seen, market, action=ACTIONS[given["action"]], now=given["now"])}


def outflow(given: Numbers) -> dict[str, int]:
    """Level of the bucket after a withdrawal; -1 when it is refused."""
    bucket = Outflow(
        floor=given["floor"],
        share_e6=given["share_e6"],
        level=given["level"],
        updated_at=given["updated_at"],
    )
    after = bucket.taking(given["amount"], tokens=given["tokens"], now=given["now"])
    return {"level": -1 if after is None else after.level}


def trigger(given: Numbers) -> dict[str, int]:
    """Whether a waiting order wakes, and where a trailing stop's watermark goes."""
    order = Order(
        account="",
        market_index=0,
        client_order_id=0,
        kind=Kind(given["kind"]),
        size_e9=given["size_e9"],
        limit_price_e6=1,
        trigger_price_e6=given["trigger_price_e6"],
        trailing_bps=given["trailing_bps"],
        watermark_e6=given["watermark_e6"],
    )
    moved = followed(order, given["price_e6"])
    return {
        "awake": int(is_awake(order, given["price_e6"])),
        "watermark_e6": order.watermark_e6 if moved is None else moved.watermark_e6,
    }


def claims(given: Numbers) -> dict[str, int]:
    """One account's claim after the pool paid some of all claims, and what it may pay of cash."""
    index = index_after(given["index"], claims_e6=given["claims_e6"], paid_e6=given["paid_e6"])
    held = AccountState(
        address="", owner="", claims_e6=given["held_e6"], claims_index_e12=given["index"]
    )
    after = marked(held, index)
    payable = payable_e6(given["index"], cash_e6=given["paid_e6"], claims_e6=given["claims_e6"])
    return {
        "index": index,
        "kept_e6": after.claims_e6,
        "due_e6": after.claims_due_e6,
        "payable_e6": payable,
    }


def sale(given: Numbers) -> dict[str, int]:
    """USDC for an amount of a token, and the amount that pays a debt; -1 when none does."""
    read = PriceReading(price_e6=given["price_e6"], conf_e6=given["conf_e6"], publish_time=0)
    tariff = Tariff(reading=read, decimals=given["decimals"], discount_e6=given["discount_e6"])
    needed = tariff.needed(given["debt_e6"])
    return {
        "proceeds_e6": tariff.proceeds_e6(given["amount"]),
        "needed": -1 if needed is None else needed,
    }


def ramp(given: Numbers) -> dict[str, int]:
    """Weights of a token at a second of its ramp."""
    vault = VaultState(
        deposit_cap=0,
        outflow=Outflow(floor=0, share_e6=0, updated_at=0),
        weight_init_e6=given["init_e6"],
        weight_maint_e6=given["maint_e6"],
        ramp_init_from_e6=given["init_from_e6"],
        ramp_maint_from_e6=given["maint_from_e6"],
        ramp_started_at=given["started_at"],
    )
    init_e6, maint_e6 = vault.weights_e6(given["now"])
    return {"init_e6": init_e6, "maint_e6": maint_e6}


CALLS: Mapping[str, Call] = {
    "trade_cost": trade_cost,
    "fees": fees,
    "funding": funding,
    "fill": fill,
    "requirement": requirement,
    "liquidation": liquidation,
    "pool": pool,
    "reading": reading,
    "grading": grading,
    "outflow": outflow,
    "trigger": trigger,
    "claims": claims,
    "sale": sale,
    "ramp": ramp,
}
