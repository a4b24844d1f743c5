"""Is it alive, is it ready, and what does it offer."""

from __future__ import annotations

import html

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from quantdesk.api.wire import Deps

router = APIRouter(tags=["health"])


@router.get("/livez")
async def livez() -> object:
    """This process answers."""
    return {"ok": True}


@router.get("/readyz")
async def readyz(deps: Deps) -> JSONResponse:
    """Every part that a trade needs answers; 503 names those that do not."""
    parts = await deps.readiness.check()
    ok = all(found == "ok" for found in parts.values())
    return JSONResponse({"ok": ok, "parts": dict(parts)}, status_code=200 if ok else 503)


@router.get("/api/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """The routes as a plain page: no script, nothing loaded from elsewhere."""
    lines = [
        f"<tr><td><code>{method.upper()}</code></td><td><code>{html.escape(path)}</code></td>"
        f"<td>{html.escape(str(operation.get('description', '')))}</td></tr>"
        for path, operations in request.app.openapi()["paths"].items()
        for method, operation in operations.items()
    ]
    style = "body{font:15px system-ui;margin:2rem}td{padding:.3rem 1rem .3rem 0}"
    page = (
        f"<!doctype html><html lang=en><title>QuantDesk API</title><style>{style}</style>"
        "<h1>QuantDesk API</h1><p>Writes need <code>x-quantdesk: 1</code> and JSON. "
        "Machine-readable: <a href=/api/openapi.json>/api/openapi.json</a>.</p>"
        f"<table>{''.join(lines)}</table></html>"
    )
    return HTMLResponse(page)
