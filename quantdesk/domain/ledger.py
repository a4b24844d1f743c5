"""Ledger: everything the exchange holds, by key, and the books that one instruction opens on it.

An instruction works on frozen records and writes them back only when nothing refused, so a refusal
leaves the ledger as it was.
"""

from dataclasses import dataclass, field, replace

from quantdesk.domain.account import USDC, AccountState
from quantdesk.domain.books import Books
from quantdesk.domain.collateral import NO_COLLATERAL, Collateral
from quantdesk.domain.delegate import NO_DELEGATES, Delegate, Permission
from quantdesk.domain.events import Event
from quantdesk.domain.mandate import Mandate
from quantdesk.domain.margin import Exposure
from quantdesk.domain.market import MarketState
from quantdesk.domain.oracle import Action, PriceReading, has_lapsed, refusal_of
from quantdesk.domain.order import Order
from quantdesk.domain.pool import InsuranceState, PoolState, ShareState
from quantdesk.domain.portfolio import Quote
from quantdesk.domain.position import Position
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Proposal, SecurityState
from quantdesk.domain.vault import PEG_FLOOR_E6, VaultState


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When an instruction runs: unix seconds and the chain's slot."""

    now: int
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The instruction happened; its events in order."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The instruction did not happen and nothing changed."""

    refusal: Refusal


Outcome = Applied | Refused


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Accounts by address, positions and orders under them, markets and their readings by index.

    `vault` holds the USDC, `collaterals` the other tokens by vault index. A part of the vault
    `native_vault` (None: there is none) are `native_lamports` instead of wrapped tokens.
    """

    vault: VaultState
    collaterals: dict[int, VaultState] = field(default_factory=dict)
    token_readings: dict[int, PriceReading] = field(default_factory=dict)
    native_vault: int | None = None
    native_lamports: int = 0
    security: SecurityState = field(default_factory=SecurityState)
    proposals: dict[int, Proposal] = field(default_factory=dict)
    delegates: dict[str, tuple[Delegate, ...]] = field(default_factory=dict)
    mandates: dict[tuple[str, str], Mandate] = field(default_factory=dict)
    pool_shares: dict[str, ShareState] = field(default_factory=dict)
    pool: PoolState = field(default_factory=PoolState)
    insurance: InsuranceState = field(default_factory=InsuranceState)
    markets: dict[int, MarketState] = field(default_factory=dict)
    readings: dict[int, PriceReading] = field(default_factory=dict)
    accounts: dict[str, AccountState] = field(default_factory=dict)
    positions: dict[tuple[str, int], Position] = field(default_factory=dict)
    orders: dict[tuple[str, int], Order] = field(default_factory=dict)

    @property
    def held_e6(self) -> int:
        """Users' US dollars, pool cash, the claims' pot and insurance: the tokens in the vault."""
        users = sum(account.usdc_e6 for account in self.accounts.values())
        pool_e6 = self.pool.cash_e6 + self.pool.claims_pot_e6
        return users + pool_e6 + self.insurance.balance_e6

    def quote(self, market_index: int) -> Quote:
        """A market and its published price."""
        return Quote(market=self.markets[market_index], reading=self.readings[market_index])

    def position(self, address: str, market_index: int) -> Position:
        """A position, flat when there is none yet."""
        flat = Position(account=address, market_index=market_index)
        return self.positions.get((address, market_index), flat)

    def books(self, address: str, market_index: int) -> Books:
        """The records that a trade of this account in this market touches."""
        return Books(
            account=self.accounts[address],
            position=self.position(address, market_index),
            market=self.markets[market_index],
            pool=self.pool,
            insurance=self.insurance,
        )

    def keep(self, books: Books) -> None:
        """Writes the records of `books` back; what they brought the account is its result."""
        account = self.accounts[books.account.address]
        brought_e6 = books.brought_e6(account.usdc_e6)
        self.accounts[account.address] = replace(
            books.account, result_e6=account.result_e6 + brought_e6
        )
        self.positions[(books.account.address, books.market.params.index)] = books.position
        self.markets[books.market.params.index] = books.market
        self.pool = books.pool
        self.insurance = books.insurance

    def credit(self, address: str, amount_e6: int) -> None:
        """Hands `amount_e6`, already taken elsewhere, to an account."""
        self.accounts[address] = self.accounts[address].credited(amount_e6)
        total = self.pool.total_user_usdc_e6 + amount_e6
        self.pool = replace(self.pool, total_user_usdc_e6=total)

    def others(
        self,
        address: str,
        market_index: int | None,
        *,
        now: int,
        action: Action = Action.GROW,
    ) -> tuple[Exposure, ...]:
        """The account's positions but for one market, at readings that `action` may use."""
        return tuple(
            self.quote(index).exposure(self.position(address, index), now=now, action=action)
            for index in self.accounts[address].markets
            if index != market_index
        )

    def move_tokens(self, address: str, vault_index: int, amount: int) -> None:
        """Adds tokens that came from outside (negative: leave) to an account."""
        if vault_index == USDC:
            self.credit(address, amount)
        else:
            self.accounts[address] = self.accounts[address].with_tokens(vault_index, amount)

    def collateral(
        self, account: AccountState, *, now: int, action: Action = Action.GROW
    ) -> Collateral:
        """What the account's tokens besides USDC count for; `price_refusal` was None."""
        sum_of = NO_COLLATERAL
        for index in account.other_vaults:
            vault = self.collaterals[index]
            reading = vault.usable(self.token_readings[index], action=action, now=now)
            assert isinstance(reading, PriceReading), "prices are asked for first"
            sum_of = sum_of.plus(vault.worth(account.balances[index], reading, now=now))
        return sum_of

    def share_of(self, owner: str) -> ShareState:
        """A liquidity provider's part of the pool."""
        return self.pool_shares.get(owner, ShareState())

    def vault_of(self, index: int) -> VaultState:
        """The vault with this index."""
        return self.vault if index == USDC else self.collaterals[index]

    def keep_vault(self, vault: VaultState) -> None:
        """Writes a vault back."""
        if vault.index == USDC:
            self.vault = vault
        else:
            self.collaterals[vault.index] = vault

    def peg_refusal(self, *, now: int) -> Refusal | None:
        """Why US dollars are not taken in as dollars now; None when no oracle watches them."""
        if not self.vault.is_watched:
            return None
        reading = self.token_readings[USDC]
        refusal = self.vault.refusal_of(reading, now=now)
        if refusal is None and reading.price_e6 < PEG_FLOOR_E6:
            return Refusal.DEPEGGED
        return refusal

    def lacks(self, vault_index: int, amount: int, *, is_native: bool) -> bool:
        """Whether a vault holds less than `amount` in one of its two forms."""
        if is_native:
            return self.native_lamports < amount
        lamports = self.native_lamports if vault_index == self.native_vault else 0
        return self.vault_of(vault_index).total_deposits - lamports < amount

    def delegates_of(self, address: str) -> tuple[Delegate, ...]:
        """The account's places for delegates."""
        return self.delegates.get(address, NO_DELEGATES)

    def mandate_of(self, address: str, placer: str) -> Mandate | None:
        """The caps that bind `placer` in this account; none bind its owner."""
        return self.mandates.get((address, placer))

    def permits(self, address: str, by: str | None, wanted: Permission, *, now: int) -> bool:
        """Whether `by` (None: the owner) may do what is `wanted` for an account."""
        if by is None or by == self.accounts[address].owner:
            return True
        return any(each.permits(by, wanted, now=now) for each in self.delegates_of(address))

    def price_refusal(
        self, account: AccountState, market_index: int | None, *, action: Action, now: int
    ) -> Refusal | None:
        """First reading of the account's other markets or tokens that `action` may not use.

        A liquidation does not wait for the price of a market that nobody posts any more.
        """
        for index in account.markets:
            if index != market_index:
                quote = self.quote(index)
                refusal = refusal_of(quote.reading, quote.market, action=action, now=now)
                lapsed = has_lapsed(quote.reading, quote.market, action=action, now=now)
                if refusal is not None and not lapsed:
                    return refusal
        for index in account.other_vaults:
            vault, reading = self.collaterals[index], self.token_readings[index]
            usable = vault.usable(reading, action=action, now=now)
            if isinstance(usable, Refusal):
                return usable
        return None

    def drop_order(self, order: Order) -> None:
        """Closes an order and its place in the account's count."""
        del self.orders[(order.account, order.client_order_id)]
        account = self.accounts[order.account]
        self.accounts[order.account] = replace(account, open_orders=account.open_orders - 1)

    def count(self, address: str, events: int = 1) -> None:
        """Advances an account's sequence by the events that name it."""
        account = self.accounts[address]
        self.accounts[address] = replace(account, sequence=account.sequence + events)
