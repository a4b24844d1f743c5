"""What must hold of a ledger after every step, whatever happened before."""

from collections.abc import Iterable

from quantdesk.domain.claims import marked
from quantdesk.domain.funding import funding_owed_e6
from quantdesk.domain.ledger import Ledger
from quantdesk.domain.money import SIZE_ONE, Round, mul_div
from quantdesk.domain.pool import market_value_e6
from quantdesk.domain.position import Position


def check_invariants(ledger: Ledger) -> None:
    """Fails on the first law that does not hold."""
    money_is_conserved(ledger)
    tokens_are_conserved(ledger)
    claims_agree(ledger)
    for index in ledger.markets:
        aggregates_agree(ledger, index)
        pool_value_needs_no_loop(ledger, index)
    pool_sums_agree(ledger)
    lists_agree(ledger)
    flat_means_empty(ledger)
    funds_are_not_negative(ledger)


def money_is_conserved(ledger: Ledger) -> None:
    """I1: tokens in the vault are the users', the pool's and the fund's, to the unit."""
    assert ledger.vault.total_deposits == ledger.held_e6
    users = sum(account.usdc_e6 for account in ledger.accounts.values())
    assert ledger.pool.total_user_usdc_e6 == users


def tokens_are_conserved(ledger: Ledger) -> None:
    """I1: every other token in a vault is somebody's, and nobody's balance is below zero."""
    for index, vault in ledger.collaterals.items():
        held = [account.balances[index] for account in ledger.accounts.values()]
        assert vault.total_deposits == sum(held)
        assert min(held) >= 0


def claims_agree(ledger: Ledger) -> None:
    """I1: what users may claim is what the pool owes and dust; the pot holds all that is due."""
    index_e12 = ledger.pool.claims_index_e12
    claimants = [marked(account, index_e12) for account in ledger.accounts.values()]
    owed = sum(account.claims_e6 for account in claimants)
    assert ledger.pool.claims_e6 <= owed
    assert owed == ledger.pool.claims_e6 or index_e12, "before a payout there is no dust"
    assert sum(account.claims_due_e6 for account in claimants) <= ledger.pool.claims_pot_e6
    assert min(account.claims_e6 for account in claimants) >= 0


def aggregates_agree(ledger: Ledger, index: int) -> None:
    """I2: a market's sums are the sums over its positions; the pool holds the difference."""
    market, held = ledger.markets[index], list(in_market(ledger, index))
    assert market.long_e9 == sum(max(position.size_e9, 0) for position in held)
    assert market.short_e9 == sum(max(-position.size_e9, 0) for position in held)
    assert market.entry_sum_e6 == sum(position.entry_e6 for position in held)
    snapshots = sum(position.size_e9 * position.funding_index for position in held)
    assert market.funding_snapshot_sum == snapshots


def pool_value_needs_no_loop(ledger: Ledger, index: int) -> None:
    """I2, I3: the pool's value of a market is what its traders have not, within a unit each."""
    market, price_e6 = ledger.markets[index], ledger.markets[index].last_price_e6
    held = [position for position in in_market(ledger, index) if not position.is_flat]
    traders = 0
    for position in held:
        traders += mul_div(position.size_e9, price_e6, SIZE_ONE, Round.DOWN) - position.entry_e6
        traders -= funding_owed_e6(
            position.size_e9, index=market.funding_index, snapshot=position.funding_index
        )
    dust = -market_value_e6(market, price_e6) - traders
    assert -2 <= dust <= 2 * len(held) + 2


def pool_sums_agree(ledger: Ledger) -> None:
    """The pool's sums over markets are sums over markets."""
    markets = ledger.markets.values()
    assert ledger.pool.markets_value_e6 == sum(market.pool_value_e6 for market in markets)
    assert ledger.pool.reserve_e6 == sum(market.reserve_e6 for market in markets)


def lists_agree(ledger: Ledger) -> None:
    """An account lists exactly the markets it is open in, and counts exactly its orders."""
    for address, account in ledger.accounts.items():
        held = {
            index
            for (owner, index), position in ledger.positions.items()
            if owner == address and not position.is_flat
        }
        assert set(account.markets) == held
        assert len(account.markets) == len(held)
        orders = [owner for owner, _ in ledger.orders if owner == address]
        assert account.open_orders == len(orders)


def flat_means_empty(ledger: Ledger) -> None:
    """I15: a flat position has no entry, no funding index and reserves nothing."""
    for position in ledger.positions.values():
        if position.is_flat:
            figures = (position.entry_e6, position.funding_index, position.max_leverage)
            assert figures == (0, 0, 0)


def funds_are_not_negative(ledger: Ledger) -> None:
    """I4: neither the pool's cash nor the fund is ever overdrawn."""
    assert ledger.pool.cash_e6 >= 0
    assert ledger.insurance.balance_e6 >= 0


def in_market(ledger: Ledger, index: int) -> Iterable[Position]:
    """Every position of a market."""
    return (held for (_, market), held in ledger.positions.items() if market == index)
