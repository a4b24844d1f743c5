"""How much fits into one transaction without lookup tables: `docs/decisions/0015`."""

from typing import Any

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain import loader
from quantdesk.adapters.chain.exchange import ChainExchange
from quantdesk.adapters.chain.instructions import Instructions, MarketRef, Trader, VaultRef
from quantdesk.adapters.chain.program import load_program
from quantdesk.adapters.chain.template import OrderPatch, fields_of
from quantdesk.adapters.chain.ties import Role, Ties
from quantdesk.adapters.chain.transaction import TransactionTooLong, build_message, unsigned

PROGRAM, OWNER = load_program(), Keypair()
MARKETS = [MarketRef(index=each, oracle=Pubkey.new_unique()) for each in range(9)]
VAULTS = [
    VaultRef(index=each, mint=Pubkey.new_unique(), oracle=Pubkey.new_unique())
    for each in range(1, 5)
]
ORDER = fields_of(OrderPatch(client_order_id=1, kind=0, size_e9=1, limit_price_e6=1))


def _order(*, other_markets: int, collaterals: int) -> bytes:
    trader = Trader(
        address=PROGRAM.addresses.user_account(OWNER.pubkey()),
        owner=OWNER.pubkey(),
        open_markets=tuple(range(1, other_markets + 1)),
        balances=(0, *[1] * collaterals),
    )
    place = Instructions(PROGRAM, MARKETS, VAULTS).place_order(trader, 0, ORDER)
    return unsigned(
        build_message(OWNER.pubkey(), [place], Hash.default(), unit_limit=1, unit_price=1)
    )


@pytest.mark.parametrize(
    ("other_markets", "collaterals", "size"), [(0, 0, 508), (7, 0, 1201), (4, 4, 1168)]
)
def test_an_order_takes_so_many_bytes(other_markets: int, collaterals: int, size: int) -> None:
    assert len(_order(other_markets=other_markets, collaterals=collaterals)) == size


def _execute(*, other_markets: int, for_reward: bool) -> bytes:
    keeper = Keypair().pubkey()
    trader = Trader(
        address=PROGRAM.addresses.user_account(OWNER.pubkey()),
        owner=OWNER.pubkey(),
        open_markets=tuple(range(1, other_markets + 1)),
    )
    execute = Instructions(PROGRAM, MARKETS).execute_order(
        trader,
        PROGRAM.addresses.order(trader.address, 1),
        0,
        keeper=keeper,
        keeper_account=PROGRAM.addresses.user_account(keeper) if for_reward else None,
    )
    if for_reward:
        return build_message(keeper, [execute], Hash.default(), unit_limit=1, unit_price=1)
    return build_message(keeper, [execute], Hash.default())


def test_the_fullest_account_is_still_served_by_a_keeper_that_forgoes_its_reward() -> None:
    with pytest.raises(TransactionTooLong):
        _execute(other_markets=7, for_reward=True)

    assert len(unsigned(_execute(other_markets=7, for_reward=False))) <= 1232


def _tied(role: Role, *, other_markets: int) -> bytes:
    keeper, account = Keypair().pubkey(), PROGRAM.addresses.user_account(OWNER.pubkey())
    markets = tuple(range(1, other_markets + 1))
    trader = Trader(address=account, owner=OWNER.pubkey(), open_markets=markets)
    ties = Ties(placed_by=OWNER.pubkey(), market_index=0, role=role, link_ids=(2, 3))
    order = PROGRAM.addresses.order(account, 1)
    execute = Instructions(PROGRAM, MARKETS).execute_tied(trader, order, ties, keeper=keeper)
    return unsigned(build_message(keeper, [execute], Hash.default()))


def test_a_parent_fits_beside_six_markets_and_its_legs_beside_any() -> None:
    with pytest.raises(TransactionTooLong, match="1238 bytes"):
        _tied(Role.PARENT, other_markets=7)

    assert len(_tied(Role.PARENT, other_markets=6)) == 1139
    assert len(_tied(Role.AWAKE, other_markets=7)) < 600


def test_what_does_not_fit_is_refused_before_anybody_signs() -> None:
    with pytest.raises(TransactionTooLong, match="1267 bytes of 1232"):
        _order(other_markets=5, collaterals=4)


@pytest.mark.parametrize("unit_price", [0, 1, 2**64 - 1])
@pytest.mark.parametrize("has_own_authority", [False, True])
def test_the_longest_write_of_a_deployment_fits(
    unit_price: int, *, has_own_authority: bool
) -> None:
    authority = Keypair() if has_own_authority else OWNER
    put = loader.write(Keypair().pubkey(), authority.pubkey(), 2**32 - 1, bytes(loader.CHUNK_BYTES))

    message = build_message(
        OWNER.pubkey(), [put], Hash.default(), unit_limit=10_000, unit_price=unit_price
    )

    assert len(unsigned(message)) <= 1232


async def test_only_a_trader_is_told_to_close_a_position() -> None:
    node: Any = None
    exchange = ChainExchange(node, PROGRAM, Pubkey.new_unique(), memcmp=lambda **_: None)
    long = loader.write(Pubkey.new_unique(), OWNER.pubkey(), 0, bytes(1200))

    with pytest.raises(TransactionTooLong, match=r"^too long for one transaction: \d+ bytes"):
        build_message(OWNER.pubkey(), [long], Hash.default())
    with pytest.raises(
        TransactionTooLong, match=r"^the account holds too many markets .* close one"
    ):
        await exchange._message(OWNER.pubkey(), [long], str(Hash.default()))
