"""Errors on the wire: one shape, and one status for each reason.

The table is exhaustive: a reason without a status does not type-check.
"""

from __future__ import annotations

from typing import assert_never

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import (
    DatabaseUnavailable,
    ExchangeUnavailable,
    LimitsUnavailable,
    MarksUnavailable,
    PortError,
)


class Unauthenticated(Exception):
    """The request carries no live session."""


class Denied(Exception):
    """A use case said no; carries its refusal to the wire."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


def status_of(reason: Reason) -> int:
    """The HTTP status of a refusal."""
    match reason:
        case (
            Reason.INVALID
            | Reason.OFF_TICK
            | Reason.OFF_LOT
            | Reason.BELOW_MINIMUM
            | Reason.SLIPPAGE
            | Reason.SIGN_IN_ADDRESS
        ):
            return 422
        case Reason.WRONG_BYTES | Reason.WRONG_SIGNATURE | Reason.SIGN_IN_MESSAGE:
            return 400
        case Reason.SIGN_IN_NONCE | Reason.SIGN_IN_SIGNATURE:
            return 401
        case Reason.FORBIDDEN:
            return 403
        case Reason.NOT_FOUND | Reason.UNKNOWN_MARKET:
            return 404
        case Reason.RATE_LIMITED:
            return 429
        case (
            Reason.MARKET_PAUSED
            | Reason.PRICE_MISSING
            | Reason.PRICE_STALE
            | Reason.PRICE_WIDE
            | Reason.NO_ACCOUNT
            | Reason.NO_POSITION
            | Reason.REDUCE_ONLY_WOULD_GROW
            | Reason.INSUFFICIENT_COLLATERAL
            | Reason.INSUFFICIENT_FUNDS
            | Reason.OPEN_INTEREST_CAP
            | Reason.POOL_RESERVE
            | Reason.DEPOSIT_CAP
            | Reason.OUTFLOW_CAP
            | Reason.TOO_MANY_MARKETS
            | Reason.TOO_MANY_ORDERS
            | Reason.DUPLICATE_ORDER
            | Reason.ALREADY_RESOLVED
            | Reason.EXPIRED
            | Reason.REFUSED_BY_CHAIN
        ):
            return 409
        case _:
            assert_never(reason)


def error_response(
    status: int, code: str, message: str, *, field: str | None = None
) -> JSONResponse:
    """The one shape of every error."""
    error: dict[str, str] = {"code": code, "message": message}
    if field is not None:
        error["field"] = field
    return JSONResponse({"error": error}, status_code=status)


def refusal_response(refused: Refused) -> JSONResponse:
    """A refusal on the wire."""
    response = error_response(
        status_of(refused.code), refused.code.value, refused.message, field=refused.field
    )
    if refused.retry_after_ms:
        response.headers["retry-after"] = str(-(-refused.retry_after_ms // 1000))
    return response


def install_error_handlers(app: FastAPI) -> None:
    """Give every failure the one shape."""
    app.add_exception_handler(Denied, _denied)
    app.add_exception_handler(Unauthenticated, _unauthenticated)
    app.add_exception_handler(PortError, _unavailable)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)


async def _denied(_: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, Denied)
    return refusal_response(fault.refused)


async def _unauthenticated(_: Request, __: Exception) -> JSONResponse:
    return error_response(401, "NOT_SIGNED_IN", "this needs a session; sign in with your wallet")


_UNAVAILABLE: dict[type[Exception], str] = {
    ExchangeUnavailable: "EXCHANGE_UNAVAILABLE",
    MarksUnavailable: "PRICES_UNAVAILABLE",
    DatabaseUnavailable: "DATABASE_UNAVAILABLE",
    LimitsUnavailable: "TRADING_CLOSED",
}


async def _unavailable(_: Request, fault: Exception) -> JSONResponse:
    code = _UNAVAILABLE.get(type(fault), "UNAVAILABLE")
    response = error_response(
        503, code, "a part of the exchange is not answering; nothing was changed, try again shortly"
    )
    response.headers["retry-after"] = "2"
    return response


async def _malformed(_: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, RequestValidationError)
    first = fault.errors()[0]
    names = [str(part) for part in first["loc"] if part not in ("body", "query", "path")]
    field = ".".join(names) or None
    where = f"{field}: " if field else ""
    expected = str(first["msg"])[:200]
    message = f"{where}{expected[:1].lower()}{expected[1:]}; correct it and send it again"
    return error_response(422, "INVALID", message, field=field)


async def _broken(_: Request, __: Exception) -> JSONResponse:
    # The server logs the traceback; whoever asked learns only that it was not their fault.
    return error_response(500, "INTERNAL", "something broke on our side; try again shortly")


async def _http(_: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, HTTPException)
    if fault.status_code == 400:
        return error_response(422, "INVALID", "the body is not valid JSON; send JSON")
    sentences = {404: "there is nothing at this address", 405: "this method is not allowed here"}
    message = sentences.get(fault.status_code, str(fault.detail))
    return error_response(fault.status_code, f"HTTP_{fault.status_code}", message)
