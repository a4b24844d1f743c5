"""Books: the records that one trade touches, and the postings that move money among them.

Every posting debits one holder and credits another by the same units, so the sum of users' US
dollars, pool cash and insurance never changes here. What the pool cannot pay becomes a claim.
"""

from dataclasses import dataclass, replace
from typing import Self

from quantdesk.domain.account import AccountState
from quantdesk.domain.claims import marked
from quantdesk.domain.fees import FeeSplit
from quantdesk.domain.funding import funding_owed_e6
from quantdesk.domain.market import MarketState
from quantdesk.domain.pool import InsuranceState, PoolState, loss_shares, revalued
from quantdesk.domain.position import Position, filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """One account, its position in one market, that market, the pool and the insurance fund."""

    account: AccountState
    position: Position
    market: MarketState
    pool: PoolState
    insurance: InsuranceState
    claims_made_e6: int = 0

    @property
    def held_e6(self) -> int:
        """Every US dollar in these books; postings keep it."""
        return self.account.usdc_e6 + self.pool.cash_e6 + self.insurance.balance_e6

    def brought_e6(self, usdc_before_e6: int) -> int:
        """What these books brought the account since it had `usdc_before_e6`, claims included."""
        return self.account.usdc_e6 - usdc_before_e6 + self.claims_made_e6

    def paying_pool(self, owed_e6: int) -> Self:
        """The user pays the pool `owed_e6` (negative: the pool pays, in claims what it lacks)."""
        paid = max(owed_e6, -max(self.pool.cash_e6, 0))
        claim = paid - owed_e6
        account = self.account.credited(-paid)
        pool = replace(
            self.pool,
            cash_e6=self.pool.cash_e6 + paid,
            claims_e6=self.pool.claims_e6 + claim,
            total_user_usdc_e6=self.pool.total_user_usdc_e6 - paid,
        )
        if claim:
            account = marked(account, self.pool.claims_index_e12)
            account = replace(account, claims_e6=account.claims_e6 + claim)
        made = self.claims_made_e6 + claim
        return replace(self, account=account, pool=pool, claims_made_e6=made)

    def banking(self, profit_e6: int) -> Self:
        """A profit of the open position paid out in cash; the entry moves with it."""
        position = replace(
            self.position,
            entry_e6=self.position.entry_e6 + profit_e6,
            realized_pnl_e6=self.position.realized_pnl_e6 + profit_e6,
        )
        market = replace(self.market, entry_sum_e6=self.market.entry_sum_e6 + profit_e6)
        return replace(self.paying_pool(-profit_e6), position=position, market=market)

    def paying_insurance(self, amount_e6: int) -> Self:
        """The user pays the insurance fund `amount_e6`."""
        insurance = replace(self.insurance, balance_e6=self.insurance.balance_e6 + amount_e6)
        return replace(self._spending(amount_e6), insurance=insurance)

    def paying_keeper(self, amount_e6: int) -> Self:
        """The user hands `amount_e6` to a keeper, whose account the caller must credit."""
        return self._spending(amount_e6)

    def paying_fee(self, split: FeeSplit) -> Self:
        """The user pays a fill's fee to its three receivers."""
        books = self.paying_pool(split.pool_e6).paying_insurance(split.insurance_e6)
        position = replace(self.position, fees_paid_e6=self.position.fees_paid_e6 + split.fee_e6)
        return replace(books.paying_keeper(split.keeper_e6), position=position)

    def covered(self, allowed_e6: int) -> Self:
        """A negative balance lifted towards zero by the fund, then by the pool within a cap."""
        shares = loss_shares(
            -self.account.usdc_e6,
            insurance=self.insurance,
            pool=self.pool,
            allowed_e6=allowed_e6,
        )
        books = self._spending(-shares.insurance_e6 - shares.pool_e6)
        pool = replace(books.pool, cash_e6=books.pool.cash_e6 - shares.pool_e6)
        return replace(books, insurance=self.insurance.paying(shares.insurance_e6), pool=pool)

    def listed(self) -> Self:
        """The account with this market listed as open, or delisted when the position is flat."""
        index = self.market.params.index
        if self.position.is_flat:
            return replace(self, account=self.account.delisting(index))
        return replace(self, account=self.account.listing(index))

    def settled(self) -> Self:
        """Funding owed since the position's snapshot is paid, and the snapshot moved to now."""
        if self.position.is_flat:
            return self
        owed = self.funding_owed_e6
        moved = self.position.size_e9 * (self.market.funding_index - self.position.funding_index)
        market = replace(self.market, funding_snapshot_sum=self.market.funding_snapshot_sum + moved)
        position = replace(
            self.position,
            funding_index=self.market.funding_index,
            funding_paid_e6=self.position.funding_paid_e6 + owed,
        )
        return replace(self.paying_pool(owed), market=market, position=position)

    @property
    def funding_owed_e6(self) -> int:
        """What the position owes up to the market's index (negative: receives)."""
        return funding_owed_e6(
            self.position.size_e9,
            index=self.market.funding_index,
            snapshot=self.position.funding_index,
        )

    def traded(self, trade_e9: int, cost_e6: int) -> Self:
        """The settled position after a trade; realised profit moves between user and pool."""
        fill = filled(
            self.position,
            trade_e9,
            cost_e6,
            index=self.market.funding_index,
            leverage=self.account.max_leverage,
        )
        market = _with_position(self.market, self.position, fill.position)
        books = self.paying_pool(-fill.realized_e6)
        return replace(books, market=market, position=fill.position)

    def revalued(self, price_e6: int) -> Self:
        """The market's value and reserve at `price_e6`, carried into the pool's sums."""
        market, pool = revalued(self.market, self.pool, price_e6)
        return replace(self, market=market, pool=pool)

    def _spending(self, amount_e6: int) -> Self:
        pool = replace(self.pool, total_user_usdc_e6=self.pool.total_user_usdc_e6 - amount_e6)
        return replace(self, account=self.account.credited(-amount_e6), pool=pool)


def _with_position(market: MarketState, before: Position, after: Position) -> MarketState:
    snapshots = after.size_e9 * after.funding_index - before.size_e9 * before.funding_index
    return replace(
        market,
        long_e9=market.long_e9 + max(after.size_e9, 0) - max(before.size_e9, 0),
        short_e9=market.short_e9 + max(-after.size_e9, 0) - max(-before.size_e9, 0),
        entry_sum_e6=market.entry_sum_e6 + after.entry_e6 - before.entry_e6,
        funding_snapshot_sum=market.funding_snapshot_sum + snapshots,
    )
