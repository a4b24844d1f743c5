"""The HTTP application: every route behind one wall, over one bundle of ports.

The ports open with the first request that needs them, so the application can be made before the
world runs, be mounted where start-up hooks never fire, and run as a serverless function.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI

from quantdesk.api import account, auth, health, markets, orders
from quantdesk.api.errors import install_error_handlers
from quantdesk.api.security import Wall
from quantdesk.api.wire import Bundle
from quantdesk.services.dependencies import Place

ALL_ROUTERS = (auth.router, markets.router, account.router, orders.router, health.router)


def create_app(
    bundle: Bundle,
    place: Place,
    *,
    routers: Sequence[APIRouter] = ALL_ROUTERS,
    pages: Path | None = None,
) -> FastAPI:
    """An application over `bundle`; `pages` is the built front end whose scripts are trusted."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await bundle.close()

    app = FastAPI(
        title="QuantDesk",
        description="Perpetual futures on Solana. Money is integers in the unit of its name.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )
    app.state.bundle = bundle
    for router in routers:
        app.include_router(router)
    install_error_handlers(app)
    app.add_middleware(Wall, place=place, pages=pages)
    return app
