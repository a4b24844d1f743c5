"""No other site can write, whatever it calls itself, and no page can load what is not ours."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from quantdesk.api.app import create_app
from quantdesk.api.content_policy import PagePolicy, inline_script_hashes
from quantdesk.api.security import BODY_BYTES_MAX
from quantdesk.api.wire import Bundle
from quantdesk.services.dependencies import Dependencies
from tests.fakes.world import ORIGIN, fake_world

FOREIGN_ORIGINS = [
    "null",
    "",
    "http://evil.example",
    "https://127.0.0.1:18000",
    "http://127.0.0.1",
    "http://127.0.0.1:18001",
    "http://127.0.0.1:180000",
    "http://127.0.0.1:18000.evil.example",
    "http://127.0.0.1:18000@evil.example",
    "http://evil.example/http://127.0.0.1:18000",
    "http://evil.example#http://127.0.0.1:18000",
    "http://evil.example?http://127.0.0.1:18000",
    "http://localhost:18000",
    "http://[::1]:18000",
    "http://127.1:18000",
    "http://2130706433:18000",
    "http://0x7f000001:18000",
    "http://0.0.0.0:18000",
    "http://127.0.0.1:18000/",
    "http://127.0.0.1:18000 ",
    " http://127.0.0.1:18000",
    "HTTP://127.0.0.1:18000",
    "//127.0.0.1:18000",
    "127.0.0.1:18000",
    "ws://127.0.0.1:18000",
    "file://",
    "data:text/html,x",
    "blob:http://127.0.0.1:18000",
    "chrome-extension://abcdefghijklmnop",
    "moz-extension://abcdefghijklmnop",
    "http://127.0.0.1.:18000",
    "http://sub.127.0.0.1:18000",
    "http://xn--127-0-0-1:18000",
    "http://127.0.0.1:18000,http://evil.example",
    "http://127.0.0.1:18000\thttp://evil.example",
    "http://127.0.0.1:018000",
    "http://127.0.0.1:18000%00",
    "http://127.0.0.1:18000%0d%0a",
    "http://user:secret@127.0.0.1:18000",
    "capacitor://localhost",
]


def application() -> FastAPI:
    world = fake_world()

    async def build() -> Dependencies:
        return world.deps

    return create_app(Bundle(build), world.place)


APP = application()


def api_routes(app: FastAPI) -> list[APIRoute]:
    found: list[APIRoute] = []
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        routes = [route] if inner is None else inner.routes
        found += [each for each in routes if isinstance(each, APIRoute)]
    return found


WRITING_PATHS = sorted(
    route.path.replace("{address}", "x").replace("{symbol}", "SOL-PERP")
    for route in api_routes(APP)
    if "POST" in (route.methods or ())
)


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=APP), base_url=ORIGIN)


def test_every_writing_route_is_known() -> None:
    assert len(WRITING_PATHS) == 11, WRITING_PATHS
    assert len(FOREIGN_ORIGINS) >= 40


@pytest.mark.parametrize("path", WRITING_PATHS)
async def test_no_foreign_origin_can_write(path: str) -> None:
    async with client() as http:
        for origin in FOREIGN_ORIGINS:
            headers = {"origin": origin, "x-quantdesk": "1"}
            answer = await http.post(path, json={}, headers=headers)
            assert answer.status_code == 403, (origin, answer.text)
            assert answer.json()["error"]["code"] == "FOREIGN_ORIGIN"


@pytest.mark.parametrize("path", WRITING_PATHS)
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"amount_e6=1"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("text/plain", b'{"amount_e6":1}'),
        ("text/plain;application/json", b"{}"),
        ("", b"{}"),
    ],
)
async def test_no_simple_form_can_write(path: str, content_type: str, body: bytes) -> None:
    headers = {"x-quantdesk": "1", "content-type": content_type}
    async with client() as http:
        assert (await http.post(path, content=body, headers=headers)).status_code == 415


@pytest.mark.parametrize("path", WRITING_PATHS)
async def test_without_our_header_nothing_is_written(path: str) -> None:
    async with client() as http:
        answer = await http.post(path, json={}, headers={"origin": ORIGIN})

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "HEADER_MISSING"


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
async def test_a_fetch_that_names_another_site_is_refused(site: str) -> None:
    headers = {"x-quantdesk": "1", "sec-fetch-site": site}
    async with client() as http:
        answer = await http.post("/api/faucet", json={}, headers=headers)

    assert answer.status_code == 403


async def test_two_origins_are_one_too_many() -> None:
    headers = [("origin", ORIGIN), ("origin", ORIGIN), ("x-quantdesk", "1")]
    async with client() as http:
        assert (await http.post("/api/faucet", json={}, headers=headers)).status_code == 403


async def test_an_oversized_body_is_refused_by_its_announcement() -> None:
    body = b'{"x":"' + b"a" * BODY_BYTES_MAX + b'"}'
    headers = {"x-quantdesk": "1", "content-type": "application/json"}
    async with client() as http:
        assert (await http.post("/api/faucet", content=body, headers=headers)).status_code == 413


async def test_an_oversized_body_without_announcement_is_never_read_to_its_end() -> None:
    read = 0

    async def endless() -> object:
        nonlocal read
        while read < 100 * BODY_BYTES_MAX:
            read += 1024
            yield b"a" * 1024

    headers = {"x-quantdesk": "1", "content-type": "application/json"}
    async with client() as http:
        answer = await http.post("/api/auth/nonce", content=endless(), headers=headers)  # type: ignore[arg-type]

    assert answer.status_code >= 400


@pytest.mark.parametrize("path", ["/livez", "/api/config", "/api/none", "/api/docs"])
async def test_every_answer_carries_the_security_headers(path: str) -> None:
    async with client() as http:
        answer = await http.get(path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "unsafe-eval" not in answer.headers["content-security-policy"]


async def test_no_foreign_page_may_read_an_answer() -> None:
    async with client() as http:
        answer = await http.get("/api/config", headers={"origin": "http://evil.example"})

    assert "access-control-allow-origin" not in answer.headers


def test_the_inline_scripts_of_a_page_are_trusted_by_their_hash(tmp_path: Path) -> None:
    page = "<script>alert(1)</script><script type='module'>x</script><script src='/a.js'></script>"
    (tmp_path / "index.html").write_text(page)

    hashes = inline_script_hashes(tmp_path)

    assert "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='" in hashes
    assert len(hashes) == 2


def test_a_new_build_is_trusted_without_a_restart(tmp_path: Path) -> None:
    policy = PagePolicy(fake_world().place, tmp_path)
    before = policy.text

    (tmp_path / "index.html").write_text("<script>alert(1)</script>")

    assert "script-src 'self';" in before
    assert "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='" in policy.text
    assert "'unsafe-inline'" not in policy.text.partition("style-src")[0]


@pytest.mark.parametrize(
    "path",
    [
        "/api/account",
        "/api/portfolio",
        "/api/positions",
        "/api/orders",
        "/api/trades",
        "/api/transfers",
        "/api/transactions/00000000-0000-0000-0000-000000000000",
    ],
)
async def test_a_guest_reads_nobodys_account(path: str) -> None:
    async with client() as http:
        answer = await http.get(path)

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "NOT_SIGNED_IN"


async def test_an_unknown_route_is_answered_in_the_one_shape_of_errors() -> None:
    async with client() as http:
        answer = await http.get("/api/nothing/here")

    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"code", "message"}
