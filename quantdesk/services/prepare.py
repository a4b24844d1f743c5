"""Prepare: from an action to bytes that a wallet can sign.

The intent, with those exact bytes, is committed before anyone sees them; what is signed later must
be what was recorded here.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from quantdesk.domain.receipt import Receipt
from quantdesk.services.actions import (
    Action,
    CancelOrder,
    CreateAccount,
    Deposit,
    Intent,
    IntentKind,
    PlaceOrder,
    UnsignedTransaction,
    Withdraw,
)
from quantdesk.services.dependencies import Dependencies
from quantdesk.services.limits import TRADE, over_limit
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A transaction waiting for its signature; `summary` is what it does, in words."""

    intent_id: UUID
    transaction_b64: str
    account: str
    summary: str
    last_valid_block_height: int
    order_address: str | None = None
    client_order_id: int | None = None
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An action with what people are told of it and what the log keeps of the request."""

    action: Action
    summary: str
    request: Mapping[str, object]
    receipt: Receipt | None = None


async def limited(deps: Dependencies, user: User) -> Refused | None:
    """A refusal when this user asks too often."""
    return await over_limit(deps, TRADE, str(user.id))


async def prepare(deps: Dependencies, user: User, asked: Asked) -> Prepared | Refused:
    """Build the transaction, commit the intent, hand out the bytes."""
    unsigned = await deps.exchange.build(user.wallet_address, asked.action)
    intent = _intent(user, asked, unsigned)
    if not await deps.intents.record(intent):
        return Refused(
            code=Reason.DUPLICATE_ORDER,
            message=(
                f"client order id {intent.client_order_id} belongs to an order that may still "
                "land; sign that one, or use a new id"
            ),
            field="client_order_id",
        )
    return Prepared(
        intent_id=intent.id,
        transaction_b64=base64.b64encode(unsigned.wire_bytes).decode(),
        account=unsigned.account,
        summary=asked.summary,
        last_valid_block_height=unsigned.last_valid_block_height,
        order_address=unsigned.order_address,
        client_order_id=intent.client_order_id,
        receipt=asked.receipt,
    )


def kind_of(action: Action) -> IntentKind:
    """The log's word for an action."""
    match action:
        case CreateAccount():
            return IntentKind.CREATE_ACCOUNT
        case Deposit():
            return IntentKind.DEPOSIT
        case Withdraw():
            return IntentKind.WITHDRAW
        case PlaceOrder():
            return IntentKind.PLACE_ORDER
        case CancelOrder():
            return IntentKind.CANCEL_ORDER


def _intent(user: User, asked: Asked, unsigned: UnsignedTransaction) -> Intent:
    action = asked.action
    return Intent(
        id=uuid.uuid4(),
        user_id=user.id,
        account=unsigned.account,
        kind=kind_of(action),
        request={**asked.request, "summary": asked.summary},
        message_bytes=unsigned.message_bytes,
        last_valid_block_height=unsigned.last_valid_block_height,
        client_order_id=action.client_order_id if isinstance(action, PlaceOrder) else None,
    )
