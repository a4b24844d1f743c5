"""The wall in front of every route: whose page may write, how much, and what pages may load.

Pure ASGI, so that sockets and streams of the application behind it pass untouched.
"""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quantdesk.api.content_policy import API_POLICY, PagePolicy
from quantdesk.api.errors import error_response
from quantdesk.services.dependencies import Place

BODY_BYTES_MAX = 16_384
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
CLIENT_HEADER = "x-quantdesk"


class Wall:
    """Refuses writes from foreign pages, foreign content types and oversized bodies."""

    def __init__(self, app: ASGIApp, *, place: Place, pages: Path | None = None) -> None:
        self._app = app
        self._origin = place.origin
        self._headers = _security_headers(place)
        self._page_policy = PagePolicy(place, pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_api = scope["path"].startswith("/api/")
        fault = self._fault(scope) if is_api else None
        if fault is not None:
            status, code, message = fault
            await error_response(status, code, message)(
                scope, receive, self._guarded(send, is_api=is_api)
            )
            return
        body = _Capped(receive) if is_api else receive
        await self._app(scope, body, self._guarded(send, is_api=is_api))

    def _fault(self, scope: Scope) -> tuple[int, str, str] | None:
        if scope["method"] in SAFE_METHODS:
            return None
        headers = Headers(scope=scope)
        origins = headers.getlist("origin")
        if any(origin != self._origin for origin in origins) or len(origins) > 1:
            return 403, "FOREIGN_ORIGIN", f"writes come from {self._origin} only; open that address"
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, "FOREIGN_ORIGIN", f"writes come from {self._origin} only; open that address"
        if headers.get(CLIENT_HEADER) != "1":
            return 403, "HEADER_MISSING", f"writes need the header {CLIENT_HEADER}: 1; add it"
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return 415, "JSON_ONLY", "the body must be application/json; send JSON"
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            return 413, "BODY_TOO_LARGE", f"a body may have {BODY_BYTES_MAX} bytes; send less"
        return None

    def _guarded(self, send: Send, *, is_api: bool) -> Send:
        policy = API_POLICY if is_api else self._page_policy.text

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, text in self._headers.items():
                    headers.setdefault(name, text)
                headers["content-security-policy"] = policy
                if is_api:
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        return guarded


class _Capped:
    """A body that ends in a disconnect when it grows past the limit, whatever its headers said."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._seen = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        return message if self._seen <= BODY_BYTES_MAX else {"type": "http.disconnect"}


def _security_headers(place: Place) -> dict[str, str]:
    headers = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    }
    if place.is_production:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return headers
