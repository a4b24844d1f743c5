"""Serverless entry: signing in and out."""

from quantdesk.api import health
from quantdesk.api.auth import router
from quantdesk.api.serverless import create_function

app = create_function([router, health.router])
