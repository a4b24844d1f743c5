"""Outcome notices: how far something the person signed has come, in words.

Not knowing is said as such; a notice is final only when the chain has spoken.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from quantdesk.services.ports import Row
from quantdesk.ui import format as show
from quantdesk.ui.account_rows import integer
from quantdesk.ui.rows import Notice

_DONE = {
    "deposit": "Deposited",
    "withdraw": "Withdrawn",
    "cancel_order": "Cancelled",
    "create_account": "Account opened",
}
_REASONS = {
    "user": "You cancelled it.",
    "expired": "No price came in time, so it expired. Nothing was traded.",
    "slippage": "The price moved past your limit. Nothing was traded.",
    "margin": "Your collateral no longer covered it. Nothing was traded.",
    "open_interest": "The market's open interest cap was reached. Nothing was traded.",
    "pool_reserve": "The pool could not take more risk. Nothing was traded.",
    "reduce_only": "It would have grown your position. Nothing was traded.",
    "liquidation": "The account was liquidated first.",
    "oco": "The bracket's other leg was filled. Nothing was left to trade.",
    "mandate": "The delegate's mandate did not allow it. Nothing was traded.",
    "orphan": "The position it would have closed is gone. Nothing was traded.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is recorded about one intent."""

    intent: Row
    order: Row | None = None
    fills: Sequence[Row] = ()


def evidence_of(intent: Row, orders: Sequence[Row], fills: Sequence[Row]) -> Evidence:
    """The intent with its order and the order's fills, where they are recorded already."""
    order = next((row for row in orders if row.get("intent_id") == intent["id"]), None)
    if order is None:
        return Evidence(intent=intent)
    filled = [row for row in fills if row.get("order_address") == order["address"]]
    return Evidence(intent=intent, order=order, fills=filled)


def notice_of(evidence: Evidence, *, summary: str, now_ms: int) -> Notice:
    """The notice for one intent."""
    title, tone, text, final = _words(evidence, summary)
    key = str(evidence.intent["id"])
    return Notice(key=key, title=title, text=text, tone=tone, time=show.clock(now_ms), final=final)


def liquidation_notice(fill: Row, *, now_ms: int) -> Notice:
    """What nobody may overlook: a position was taken away, and where to read why."""
    realized = show.signed_usd(integer(fill["realized_pnl_e6"]))
    price = show.usd(integer(fill["oracle_price_e6"]), 4)
    is_liquidation = fill["kind"] == "liquidation"
    reason = (
        "The collateral had fallen below the maintenance requirement"
        if is_liquidation
        else "The pool was under its floor, and the most profitable positions are closed first"
    )
    text = (
        f"{fill['market']} was closed at the oracle price {price}, realised {realized}. "
        f"{reason}; see Fills."
    )
    return Notice(
        key=f"{fill['signature']}:{fill['log_index']}",
        title="Liquidated" if is_liquidation else "Deleveraged",
        text=text,
        tone="error",
        time=show.clock(now_ms),
        final=True,
        sticky=True,
    )


def _words(evidence: Evidence, summary: str) -> tuple[str, str, str, bool]:
    intent = evidence.intent
    match intent["state"]:
        case "prepared":
            return "Waiting for your wallet", "busy", summary, False
        case "signed" | "sent":
            return "Submitted", "busy", f"{summary}. Waiting for the chain.", False
        case "processed":
            return "Confirming", "busy", f"{summary}. The chain has it and is confirming.", False
        case "unknown":
            text = "The chain has not answered. It is being asked; do not send it again."
            return "Unknown, checking", "warn", text, False
        case "rejected":
            return "Failed", "error", f"{_error(intent)} Nothing was done.", True
        case "expired":
            return "Expired", "error", "The network did not take it. Nothing was done.", True
        case _:
            return _landed(evidence, summary)


def _landed(evidence: Evidence, summary: str) -> tuple[str, str, str, bool]:
    kind = str(evidence.intent["kind"])
    if kind != "place_order":
        return _DONE.get(kind, "Done"), "ok", f"{summary}.", True
    order = evidence.order
    if order is None:
        return "Placed", "busy", f"{summary}. Waiting for the next price.", False
    match order["status"]:
        case "filled":
            return _filled(evidence, summary)
        case "cancelled":
            reason = _REASONS.get(str(order["reason"]), str(order["reason"]))
            title = "Cancelled" if order["reason"] == "user" else "Not filled"
            return title, "warn", f"{summary}. {reason}", True
    if order["kind"] == "market":
        return "Placed", "busy", f"{summary}. Waiting for the next price.", False
    return "Placed", "ok", f"{summary}. It waits for its price.", True


def _filled(evidence: Evidence, summary: str) -> tuple[str, str, str, bool]:
    if not evidence.fills:
        return "Filled", "ok", f"{summary}.", True
    size_e9 = sum(integer(row["size_e9"]) for row in evidence.fills)
    cost_e6 = sum(integer(row["cost_e6"]) for row in evidence.fills)
    realized_e6 = sum(integer(row["realized_pnl_e6"]) for row in evidence.fills)
    price = show.usd(cost_e6 * 10**9 // size_e9, 4)
    gain = f", realised {show.signed_usd(realized_e6)}" if realized_e6 else ""
    return "Filled", "ok", f"{summary}, filled at {price}{gain}.", True


def _error(intent: Row) -> str:
    error = intent.get("error")
    if isinstance(error, dict) and error.get("message"):
        return show.sentence(str(error["message"]))
    return "The chain refused it."
