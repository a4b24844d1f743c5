"""What requests may say: strict types, no unknown fields, bounds at the edge.

Money and sizes are integers in the unit of their name; a decimal or a string is refused.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

U64 = Annotated[int, Field(ge=0, le=2**64 - 1)]
I63 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Base64 = Annotated[str, Field(max_length=8_192, pattern=r"^[A-Za-z0-9+/]*={0,2}$")]
Address = Annotated[str, Field(min_length=32, max_length=44)]


class Body(BaseModel):
    """A request body: nothing coerced, nothing extra."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class NonceBody(Body):
    """Which wallet wants to sign in."""

    address: Address


class SignInBody(Body):
    """What the wallet signed."""

    address: Address
    message_b64: Base64
    signature_b64: Base64


class AmountBody(Body):
    """A sum in millionths of a USDC."""

    amount_e6: I63


class OrderBody(Body):
    """A ticket; `size_e9` is positive."""

    market: Annotated[str, Field(max_length=24)]
    side: Literal["long", "short"]
    kind: Literal["market", "limit"]
    size_e9: I63
    limit_price_e6: U64 | None = None
    max_slippage_bps: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] | None = None
    reduce_only: bool = False
    client_order_id: I63 | None = None
    leverage: Annotated[int, Field(ge=-1000, le=1000)] | None = None


class CloseBody(Body):
    """How much of a position to close; all of it when left out."""

    size_e9: I63 | None = None


class EmptyBody(Body):
    """Nothing to say."""


class SubmitBody(Body):
    """A signed transaction and the intent it belongs to."""

    intent_id: Annotated[UUID, Field(strict=False)]
    transaction_b64: Base64
