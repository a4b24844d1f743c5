"""Serverless entry: configuration, markets, prices and candles."""

from quantdesk.api import health
from quantdesk.api.markets import router
from quantdesk.api.serverless import create_function

app = create_function([router, health.router])
