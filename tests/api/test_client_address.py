"""Limits count who is really asking: a header that anybody can write is not believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.api.browser import Browser, browser
from tests.fakes.world import fake_world


async def asked(person: Browser, forwarded: str) -> int:
    body = {"address": person.wallet.address}
    return (
        await person.post("/api/auth/nonce", body, **{"x-forwarded-for": forwarded})
    ).status_code


async def test_without_proxies_a_forged_address_does_not_escape_the_limit() -> None:
    person = browser(fake_world())

    found = [await asked(person, f"10.0.0.{number}") for number in range(61)]

    assert found == [200] * 60 + [429]


@pytest.mark.parametrize("forged", ["", "6.6.6.6, ", "6.6.6.6, 7.7.7.7, "])
async def test_behind_one_proxy_only_the_address_it_appended_counts(forged: str) -> None:
    world = fake_world()
    world.place = replace(world.place, trusted_proxies=1)
    person = browser(world)

    found = [await asked(person, f"{number}, {forged}1.2.3.4") for number in range(61)]

    assert found == [200] * 60 + [429]
    assert await asked(person, "1.2.3.5") == 200
