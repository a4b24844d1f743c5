"""Money and positions over HTTP: deposit, withdraw, close, cancel, look, and the faucet."""

from __future__ import annotations

import base64

import pytest
from solders.pubkey import Pubkey

from quantdesk.domain.order import Kind, Order
from quantdesk.domain.position import Position
from quantdesk.services.exchange_state import OpenOrder, WalletState
from quantdesk.services.ports import MarksUnavailable
from tests.api.browser import Browser, browser, signed_in
from tests.fakes.world import World, account_address, fake_world

THOUSAND = 1_000_000_000


async def test_the_first_deposit_opens_the_account() -> None:
    world = fake_world()
    person = await signed_in(world)
    world.exchange.wallets[person.wallet.address] = WalletState(lamports=10**9, usdc_e6=THOUSAND)

    answer = await person.post("/api/deposits/prepare", {"amount_e6": THOUSAND})

    assert answer.status_code == 200
    assert answer.json()["summary"] == "Deposit 1000 USDC"
    [(_, action)] = world.exchange.built
    assert action.creates_account  # type: ignore[union-attr]


@pytest.mark.parametrize("amount", [0, -1, THOUSAND + 1])
async def test_a_deposit_of_nothing_or_too_much_is_refused(amount: int) -> None:
    world = fake_world()
    person = await signed_in(world)
    world.exchange.wallets[person.wallet.address] = WalletState(lamports=10**9, usdc_e6=THOUSAND)

    answer = await person.post("/api/deposits/prepare", {"amount_e6": amount})

    assert answer.status_code in (409, 422)
    assert answer.json()["error"]["field"] == "amount"


@pytest.mark.parametrize(("amount", "status"), [(THOUSAND, 200), (THOUSAND + 1, 409), (0, 422)])
async def test_everything_can_be_withdrawn_and_not_one_unit_more(amount: int, status: int) -> None:
    person = await signed_in(fake_world(), usdc_e6=THOUSAND)

    answer = await person.post("/api/withdrawals/prepare", {"amount_e6": amount})

    assert answer.status_code == status, answer.text


def with_position(world: World, person: Browser) -> None:
    position = Position(
        account=account_address(person.wallet.address),
        market_index=0,
        size_e9=2_000_000_001,
        entry_e6=300_000_000,
        max_leverage=20,
    )
    world.exchange.fund(person.wallet.address, usdc_e6=THOUSAND, positions=[position])


async def test_a_close_reduces_the_whole_position_even_off_the_lot() -> None:
    world = fake_world()
    person = await signed_in(world)
    with_position(world, person)

    answer = await person.post("/api/positions/SOL-PERP/close/prepare", {})

    assert answer.status_code == 200, answer.text
    [(_, action)] = world.exchange.built
    assert action.size_e9 == -2_000_000_001  # type: ignore[union-attr]
    assert action.reduce_only  # type: ignore[union-attr]


async def test_there_is_nothing_to_close_without_a_position() -> None:
    person = await signed_in(fake_world(), usdc_e6=THOUSAND)

    answer = await person.post("/api/positions/SOL-PERP/close/prepare", {})

    assert answer.json()["error"]["code"] == "NO_POSITION"


async def test_only_ones_own_open_order_can_be_cancelled() -> None:
    world = fake_world()
    alice = await signed_in(world, usdc_e6=THOUSAND)
    mallory = await signed_in(world, "mallory", usdc_e6=THOUSAND)
    address = str(Pubkey.new_unique())
    order = Order(
        account=account_address(alice.wallet.address),
        market_index=0,
        client_order_id=1,
        kind=Kind.LIMIT,
        size_e9=1_000_000_000,
        limit_price_e6=140_000_000,
    )
    world.exchange.wait(alice.wallet.address, OpenOrder(address=address, order=order))

    own = await alice.post(f"/api/orders/{address}/cancel/prepare")
    other = await mallory.post(f"/api/orders/{address}/cancel/prepare")

    assert own.status_code == 200
    assert other.status_code == 404


async def test_the_account_shows_positions_with_their_liquidation_price() -> None:
    world = fake_world()
    person = await signed_in(world)
    with_position(world, person)

    found = (await person.get("/api/account")).json()

    [position] = found["positions"]
    assert position["side"] == "long"
    assert position["liquidation_price_e6"] is None
    assert found["equity_e6"] == THOUSAND + position["unrealized_pnl_e6"]
    assert found["free_collateral_e6"] <= found["equity_e6"]


async def test_the_faucet_gives_five_times_an_hour_and_never_in_production() -> None:
    world = fake_world()
    person = await signed_in(world)
    answers = [await person.post("/api/faucet") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]

    real = fake_world(environment="production", origin="https://quantdesk.example")
    real_person = await production_user(real)
    refused = await real_person.post("/api/faucet", None, origin=real.place.origin)
    assert refused.status_code == 403
    assert not real.faucet.granted


async def production_user(world: World) -> Browser:
    person = browser(world)
    challenge = await person.post(
        "/api/auth/nonce", {"address": person.wallet.address}, origin=world.place.origin
    )
    message = challenge.json()["message"].encode()
    body = {
        "address": person.wallet.address,
        "message_b64": base64.b64encode(message).decode(),
        "signature_b64": base64.b64encode(person.wallet.sign(message)).decode(),
    }
    answer = await person.post("/api/auth/sign-in", body, origin=world.place.origin)
    assert answer.status_code == 200, answer.text
    return person


async def test_without_the_price_store_the_account_is_shown_as_stale() -> None:
    world = fake_world()
    person = await signed_in(world)
    with_position(world, person)
    world.marks.failure = MarksUnavailable("gone")

    account = await person.get("/api/account")
    markets = await person.get("/api/markets")

    assert account.status_code == markets.status_code == 200
    assert account.json()["is_stale"]
    assert all(market["mark"] is None for market in markets.json())


async def test_guests_cannot_keep_the_server_busy_with_previews() -> None:
    guest = browser(fake_world())
    body = {"market": "SOL-PERP", "side": "long", "kind": "market", "size_e9": 10**9}

    answers = [await guest.post("/api/orders/preview", body) for _ in range(101)]

    assert [answer.status_code for answer in answers] == [200] * 100 + [429]


async def test_a_fault_of_ours_is_told_without_its_details() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)
    world.exchange.accounts[person.wallet.address] = None  # type: ignore[assignment]
    world.exchange.wallets = None  # type: ignore[assignment]

    answer = await person.get("/api/account")

    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "INTERNAL"
    assert "NoneType" not in answer.text
