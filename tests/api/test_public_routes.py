"""What guests see, and what machines ask."""

from __future__ import annotations

from quantdesk.services.ports import Candle
from tests.api.browser import browser
from tests.fakes.world import fake_world


async def test_the_configuration_names_chain_and_feed() -> None:
    found = (await browser(fake_world()).get("/api/config")).json()

    assert found["environment"] == "development"
    assert found["feed_url"] == "ws://127.0.0.1:18001/ws/market"


async def test_markets_come_with_their_rules_and_mark() -> None:
    found = (await browser(fake_world()).get("/api/markets")).json()

    assert [market["symbol"] for market in found] == ["SOL-PERP", "BTC-PERP", "ETH-PERP"]
    assert found[0]["mark"]["price_e6"] == 150_000_000
    assert found[0]["tick_e6"] == 10_000
    assert found[2]["mark"] is None


async def test_prices_carry_their_age() -> None:
    found = (await browser(fake_world()).get("/api/oracle/prices")).json()

    assert found["SOL-PERP"]["age_ms"] == 300


async def test_candles_are_arrays_oldest_first() -> None:
    world = fake_world()
    bars = [
        Candle(open_ms=at, open_e6=1, high_e6=3, low_e6=1, close_e6=2, volume=0.5)
        for at in (0, 60_000)
    ]
    world.history.stored[0] = bars

    found = await browser(world).get("/api/markets/SOL-PERP/candles?resolution_s=60&limit=1")

    assert found.json() == [[60_000, 1, 3, 1, 2, 0.5]]


async def test_a_resolution_that_does_not_exist_is_refused_with_its_field() -> None:
    answer = await browser(fake_world()).get("/api/markets/SOL-PERP/candles?resolution_s=61")

    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "resolution_s"


async def test_candles_of_an_unknown_market_are_not_found() -> None:
    answer = await browser(fake_world()).get("/api/markets/DOGE-PERP/candles")

    assert answer.status_code == 404


async def test_a_part_that_does_not_answer_makes_the_product_unready_but_not_dead() -> None:
    world = fake_world()
    world.readiness.parts["chain"] = "no answer within 2 s"
    person = browser(world)

    ready = await person.get("/readyz")

    assert ready.status_code == 503
    assert ready.json()["parts"]["chain"] == "no answer within 2 s"
    assert (await person.get("/livez")).status_code == 200


async def test_the_routes_are_documented_without_loading_anything() -> None:
    person = browser(fake_world())

    page = (await person.get("/api/docs")).text
    schema = (await person.get("/api/openapi.json")).json()

    assert "/api/orders/prepare" in page
    assert "<script" not in page
    assert "/api/transactions/submit" in schema["paths"]
