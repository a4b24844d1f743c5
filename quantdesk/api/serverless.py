"""Serverless: one application per function, its ports taken from the environment."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI

from quantdesk import wiring
from quantdesk.api.app import create_app
from quantdesk.api.wire import Bundle


def create_function(routers: Sequence[APIRouter]) -> FastAPI:
    """An application with these routes only."""
    settings = wiring.settings_of_this_process()
    bundle = Bundle(lambda: wiring.build_dependencies(settings))
    return create_app(bundle, wiring.place(settings), routers=routers)
