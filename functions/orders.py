"""Serverless entry: previews, prepared transactions and their submission."""

from quantdesk.api import health
from quantdesk.api.orders import router
from quantdesk.api.serverless import create_function

app = create_function([router, health.router])
