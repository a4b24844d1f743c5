"""Account: one trader's sub-account, its balances per vault and the markets it is open in."""

from dataclasses import dataclass, replace
from typing import Self

MAX_OPEN_MARKETS = 8
MAX_OPEN_ORDERS = 32
EMPTY_MARKET = 65_535
"""Slot of `open_markets` that holds no market."""

RISK_SET_MAX = 24
"""Most accounts that weighing somebody may take, so that they fit into one transaction."""

PER_MARKET, PER_KIND = 3, 2
"""Accounts that weighing an open market and a kind of token takes."""

LEVERAGE_CAP = 100
"""Highest leverage an account may choose; tiers may allow less."""

USDC = 0
"""Vault index of the settlement currency; only this balance may be negative (a debt)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """Balances in token units by vault index, claims on the pool, open markets and orders.

    `result_e6` is what trading brought so far, without deposits; `mandates` counts living mandates.
    """

    address: str
    owner: str
    sub_account_id: int = 0
    name: str = ""
    max_leverage: int = 20
    balances: tuple[int, ...] = (0,) * 8
    claims_e6: int = 0
    claims_due_e6: int = 0
    claims_index_e12: int = 0
    open_markets: tuple[int, ...] = (EMPTY_MARKET,) * MAX_OPEN_MARKETS
    open_orders: int = 0
    created_at: int = 0
    sequence: int = 0
    result_e6: int = 0
    mandates: int = 0

    @property
    def usdc_e6(self) -> int:
        """Settled US dollars, signed."""
        return self.balances[USDC]

    @property
    def markets(self) -> tuple[int, ...]:
        """Indices of the markets with an open position, in slot order."""
        return tuple(index for index in self.open_markets if index != EMPTY_MARKET)

    @property
    def other_vaults(self) -> tuple[int, ...]:
        """Indices of the vaults besides USDC of which the account holds something."""
        return tuple(index for index in range(1, len(self.balances)) if self.balances[index])

    def holds_only(self, market_index: int | None) -> bool:
        """Whether nothing but USDC and one market is held or open."""
        return not self.other_vaults and set(self.markets) <= {market_index}

    def with_tokens(self, vault_index: int, amount: int) -> Self:
        """The account with `amount` (signed, native units) added to one balance."""
        balances = list(self.balances)
        balances[vault_index] += amount
        return replace(self, balances=tuple(balances))

    def credited(self, amount_e6: int) -> Self:
        """The account with `amount_e6` (signed) added to its US dollars."""
        return replace(self, balances=(self.balances[0] + amount_e6, *self.balances[1:]))

    @property
    def risk_set_len(self) -> int:
        """Accounts that weighing this one takes."""
        return PER_MARKET * len(self.markets) + PER_KIND * len(self.other_vaults)

    def has_room_for(self, market_index: int) -> bool:
        """Whether a position in `market_index` can be open."""
        fits = self.risk_set_len + PER_MARKET <= RISK_SET_MAX
        return market_index in self.open_markets or (EMPTY_MARKET in self.open_markets and fits)

    def has_room_for_kind(self, vault_index: int) -> bool:
        """Whether tokens of a vault can be held; USDC always can."""
        is_known = vault_index == USDC or self.balances[vault_index] != 0
        return is_known or self.risk_set_len + PER_KIND <= RISK_SET_MAX

    def listing(self, market_index: int) -> Self:
        """The account with `market_index` in the first empty slot, unless it is listed."""
        if market_index in self.open_markets:
            return self
        assert self.has_room_for(market_index), "checked before a position opens"
        return self._with_slot(self.open_markets.index(EMPTY_MARKET), market_index)

    def delisting(self, market_index: int) -> Self:
        """The account with the slot of `market_index` emptied; other slots do not move."""
        if market_index not in self.open_markets:
            return self
        return self._with_slot(self.open_markets.index(market_index), EMPTY_MARKET)

    def _with_slot(self, slot: int, market_index: int) -> Self:
        slots = (*self.open_markets[:slot], market_index, *self.open_markets[slot + 1 :])
        return replace(self, open_markets=slots)
