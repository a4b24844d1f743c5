"""Reflex entry: builds `app` and registers every page.

Importing it needs no running world: ports open when the web process starts to serve.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import reflex as rx
import structlog
from reflex.app import default_error_boundary
from reflex.event import EventSpec
from reflex.utils.prerequisites import get_web_dir

from quantdesk import wiring
from quantdesk.api.app import create_app
from quantdesk.api.wire import Bundle
from quantdesk.settings import Settings
from quantdesk.ui import desk, tabs, theme
from quantdesk.ui.desk import NotSignedIn
from quantdesk.ui.pages.not_found import not_found
from quantdesk.ui.pages.portfolio.page import portfolio
from quantdesk.ui.pages.portfolio.state import PortfolioState
from quantdesk.ui.pages.trade.page import trade
from quantdesk.ui.states.account import AccountState
from quantdesk.ui.states.market import MarketState
from quantdesk.ui.states.session import SessionState

log = structlog.get_logger()
settings = Settings.from_env()
bundle = Bundle(lambda: wiring.build_dependencies(settings))


def answer_failure(exception: Exception) -> EventSpec | None:
    """What a page does after a handler failed; a missing session is the only expected failure."""
    if isinstance(exception, NotSignedIn):
        return cast(EventSpec, cast(Any, SessionState.end_session)())
    log.error("handler_failed", exc_info=exception)
    return None


app = rx.App(
    stylesheets=theme.STYLESHEETS,
    html_lang="en",
    html_custom_attrs={"class": theme.DEFAULT_COLOR_MODE},
    head_components=theme.head(),
    # Reflex's own toasts name the socket's address and need eval; the banner says it in words.
    app_wraps={(55, "ErrorBoundary"): lambda _: default_error_boundary()},
    toaster=None,
    backend_exception_handler=answer_failure,
    api_transformer=create_app(
        bundle, wiring.place(settings), pages=get_web_dir() / "build" / "client"
    ),
)

_LOADS = [SessionState.load, MarketState.load, AccountState.load]
app.add_page(trade, route="/", title="QuantDesk", on_load=_LOADS)
app.add_page(trade, route="/trade", title="QuantDesk", on_load=_LOADS)
app.add_page(
    portfolio,
    route="/portfolio",
    title="Portfolio · QuantDesk",
    on_load=[*_LOADS, PortfolioState.load],
)
app.add_page(not_found, route="404", title="Not found · QuantDesk", on_load=[SessionState.load])


@asynccontextmanager
async def serving() -> AsyncIterator[None]:
    """The ports, and the listener that brings changes on chain to open pages."""
    async with desk.opened(await bundle.open()), wiring.account_changes(settings) as changes:
        listener = asyncio.create_task(tabs.follow(app, changes))
        try:
            yield
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener
            await bundle.close()


app.register_lifespan_task(serving)
