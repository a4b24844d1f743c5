"""The door over HTTP: cookies, guests, and what a browser is told."""

from __future__ import annotations

import base64
from http.cookies import SimpleCookie

import httpx
import pytest

from tests.api.browser import browser, signed_in
from tests.fakes.world import fake_world


def cookie(answer: httpx.Response, name: str) -> dict[str, str]:
    for header in answer.headers.get_list("set-cookie"):
        parsed: SimpleCookie = SimpleCookie(header)
        if name in parsed:
            return {"text": parsed[name].value, **dict(parsed[name].items())}
    raise AssertionError(f"no cookie {name}")


async def test_a_signature_turns_a_guest_into_a_user() -> None:
    person = browser(fake_world())
    assert (await person.get("/api/auth/session")).json() == {"user": None}

    answer = await person.sign_in()

    assert answer.status_code == 200
    session = (await person.get("/api/auth/session")).json()
    assert session["user"]["wallet_address"] == person.wallet.address


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites() -> None:
    answer = await browser(fake_world()).sign_in()

    found = cookie(answer, "qd_session")
    assert found["httponly"]
    assert found["samesite"] == "strict"
    assert found["path"] == "/"
    assert found["max-age"] == str(7 * 24 * 3600)
    assert len(found["text"]) == 43
    assert found["text"] not in answer.text


async def test_in_production_the_cookie_is_secure_and_bound_to_the_host() -> None:
    world = fake_world(environment="production", origin="https://quantdesk.example")
    person = browser(world)
    challenge = await person.post(
        "/api/auth/nonce", {"address": person.wallet.address}, origin=world.place.origin
    )

    found = cookie(challenge, "__Host-qd_browser")
    assert found["secure"]
    assert found["httponly"]
    assert not found["domain"]
    assert "max-age=31536000" in challenge.headers["strict-transport-security"]


async def test_every_sign_in_gets_a_token_of_its_own() -> None:
    person = browser(fake_world())
    first = cookie(await person.sign_in(), "qd_session")["text"]
    second = cookie(await person.sign_in(), "qd_session")["text"]

    assert first != second


async def test_signing_out_ends_the_session_on_the_server() -> None:
    world = fake_world()
    person = await signed_in(world)
    stolen = person.http.cookies["qd_session"]

    assert (await person.post("/api/auth/sign-out")).status_code == 200

    thief = browser(world, "mallory")
    thief.http.cookies.set("qd_session", stolen)
    assert (await thief.get("/api/auth/session")).json() == {"user": None}
    assert (await thief.get("/api/account")).status_code == 401


async def test_a_cookie_given_by_an_attacker_is_replaced_at_sign_in() -> None:
    world = fake_world()
    person = browser(world)
    person.http.cookies.set("qd_session", "f" * 43)

    answer = await person.sign_in()

    assert cookie(answer, "qd_session")["text"] != "f" * 43


async def test_a_message_begun_in_one_browser_does_not_work_in_another() -> None:
    world = fake_world()
    victim, other = browser(world), browser(world)
    challenge = (await victim.post("/api/auth/nonce", {"address": victim.wallet.address})).json()
    await other.post("/api/auth/nonce", {"address": victim.wallet.address})
    message = challenge["message"].encode()
    answer = await other.post(
        "/api/auth/sign-in",
        {
            "address": victim.wallet.address,
            "message_b64": base64.b64encode(message).decode(),
            "signature_b64": base64.b64encode(victim.wallet.sign(message)).decode(),
        },
    )

    assert answer.status_code == 401
    assert "another browser" in answer.json()["error"]["message"]


@pytest.mark.parametrize("text", ["%%%", "QQ", "QUI=QUI=", "QR==", "Q Q=", "QQ==\n"])
async def test_base64_that_is_not_canonical_is_refused_with_its_field(text: str) -> None:
    person = browser(fake_world())
    body = {"address": person.wallet.address, "message_b64": text, "signature_b64": "QQ=="}

    answer = await person.post("/api/auth/sign-in", body)

    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "message_b64"


async def test_too_many_requests_are_told_how_long_to_wait() -> None:
    person = browser(fake_world())
    answers = [
        await person.post("/api/auth/nonce", {"address": person.wallet.address}) for _ in range(61)
    ]

    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_with_the_limiter_down_the_door_is_closed_and_the_market_open() -> None:
    world = fake_world()
    world.limits.is_down = True
    person = browser(world)

    refused = await person.post("/api/auth/nonce", {"address": person.wallet.address})

    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "TRADING_CLOSED"
    assert (await person.get("/api/markets")).status_code == 200
    assert (await person.get("/api/oracle/prices")).status_code == 200
