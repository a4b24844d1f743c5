"""Serverless entry: one's own account."""

from quantdesk.api import health
from quantdesk.api.account import router
from quantdesk.api.serverless import create_function

app = create_function([router, health.router])
