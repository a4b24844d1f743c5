"""Shadow: the whole exchange once more, in exact fractions that are never rounded.

It starts where the program starts and then runs free: each instruction's figures come from its own
state. It takes from the program only what is a decision or whole by nature: whether an instruction
happened, sizes, tokens that crossed the door, shares. `postings` holds who was paid what.
"""

from dataclasses import dataclass
from fractions import Fraction

from quantdesk.domain.collateral import NO_COLLATERAL
from quantdesk.domain.events import (
    BankruptcyResolved,
    ClaimsPaid,
    Deleveraged,
    Deposited,
    Event,
    FundingPaid,
    InsuranceSeeded,
    Liquidated,
    OrderExecuted,
    PnlSettled,
    PoolDeposited,
    PoolSeeded,
    PoolWithdrawn,
    Transferred,
    Withdrawn,
)
from quantdesk.domain.fees import INSURANCE_SHARE_E6, fee_rate_e6
from quantdesk.domain.ledger import Ledger
from quantdesk.domain.market import MarketState
from quantdesk.domain.oracle import Action, PriceReading, refusal_of
from quantdesk.domain.order import Kind
from quantdesk.domain.pool import DAY_S
from quantdesk.domain.vault_events import CollateralConverted
from tests.domain.draws import floor
from tests.exchange import exact
from tests.exchange.exact import NOTHING, Held, share
from tests.exchange.step import Step


@dataclass(slots=True)
class Purse:
    """One account: settled US dollars, claims not yet paid, paid claims not yet fetched."""

    usdc: Fraction
    claims: Fraction
    due: Fraction
    epoch: int
    unpaid: Fraction


@dataclass(slots=True)
class Stake:
    """One position: its entry and the funding index up to which it is settled."""

    size_e9: int
    entry: Fraction
    index: Fraction


UNPAID_MIN = Fraction(1, 10**6)
"""What a payment that leaves something owed leaves of every claim at least."""

MINUTE_S = 60


class Shadow:
    """The exact exchange."""

    def __init__(self, ledger: Ledger) -> None:
        """Starts from what the ledger holds."""
        self.purses = {
            address: Purse(
                Fraction(each.usdc_e6),
                Fraction(each.claims_e6),
                Fraction(each.claims_due_e6),
                *_mark(each.claims_index_e12),
            )
            for address, each in ledger.accounts.items()
        }
        self.stakes = {
            key: Stake(each.size_e9, Fraction(each.entry_e6), Fraction(each.funding_index))
            for key, each in ledger.positions.items()
        }
        self.index = {index: Fraction(m.funding_index) for index, m in ledger.markets.items()}
        self.cash = Fraction(ledger.pool.cash_e6)
        self.claims = Fraction(ledger.pool.claims_e6)
        self.pot = Fraction(ledger.pool.claims_pot_e6)
        self.epoch, self.unpaid = _mark(ledger.pool.claims_index_e12)
        self.fund = Fraction(ledger.insurance.balance_e6)
        self.loss_day = ledger.pool.loss_day
        self.loss_cap = Fraction(ledger.pool.loss_cap_today_e6)
        self.loss_today = Fraction(ledger.pool.loss_today_e6)

    @property
    def held(self) -> Fraction:
        """Every US dollar: what must lie in the vault."""
        users = sum((each.usdc for each in self.purses.values()), NOTHING)
        return users + self.cash + self.pot + self.fund

    def wealth(self, address: str) -> Fraction:
        """What an account owns but for the price of its sizes, which are whole everywhere."""
        purse = self.purses[address]
        found = purse.usdc + purse.claims + purse.due
        for (owner, market), stake in self.stakes.items():
            if owner == address and stake.size_e9:
                found -= stake.entry + self._owed(stake, market)
        return found

    def follow(self, step: Step) -> None:
        """Does what the program did."""
        for address in step.after.accounts.keys() - self.purses.keys():
            self.purses[address] = Purse(NOTHING, NOTHING, NOTHING, 0, Fraction(1))
        for before, after in step.accrued:
            self.index[before.params.index] += exact.index_step_e12(
                before.params,
                before.skew_e9,
                price_e6=step.funding_price_e6(before),
                elapsed_s=after.funding_at - before.funding_at,
            )
        for event in step.events:
            self._book(step, event)

    def held_at(
        self, step: Step, address: str, *, market: int | None = None, is_cut: bool = False
    ) -> list[Held]:
        """An account's open positions (in one market, or all) as a liquidation counts them.

        `is_cut`: the index is brought to now in the program's whole units.
        """
        found = []
        for (owner, index), stake in self.stakes.items():
            if owner != address or not stake.size_e9 or market not in (None, index):
                continue
            reading, before = step.before.readings[index], step.before.markets[index]
            elapsed = step.at.now - step.after.markets[index].funding_at
            price = step.funding_price_e6(before)
            skew = before.skew_e9
            ahead = exact.index_step_e12(before.params, skew, price_e6=price, elapsed_s=elapsed)
            ahead = Fraction(floor(ahead)) if is_cut else ahead
            found.append(
                Held(
                    params=before.params,
                    size_e9=stake.size_e9,
                    entry_e6=stake.entry,
                    leverage=step.before.position(address, index).max_leverage,
                    price_e6=reading.price_e6,
                    conf_e6=reading.conf_e6,
                    owed_e6=self._owed(stake, index) + exact.owed_e6(stake.size_e9, ahead),
                    has_lapsed=_has_lapsed(reading, before, now=step.at.now),
                )
            )
        return found

    def maintenance_equity(self, step: Step, address: str, held: list[Held]) -> Fraction:
        """Equity that keeps positions open; other collateral counts as the program counts it."""
        account = step.before.accounts[address]
        tokens = NO_COLLATERAL
        if account.other_vaults:
            tokens = step.before.collateral(account, now=step.at.now, action=Action.LIQUIDATE)
        found = self.purses[address].usdc + tokens.maintenance_e6
        return found + sum((each.pnl_e6 - each.owed_e6 for each in held), NOTHING)

    def _book(self, step: Step, event: Event) -> None:
        match event:
            case Deposited(vault_index=0):
                self.purses[event.user_account].usdc += event.amount
            case Withdrawn(vault_index=0):
                self.purses[event.user_account].usdc -= event.amount
            case Transferred():
                self.purses[event.user_account].usdc -= event.amount
                self.purses[event.to_account].usdc += event.amount
            case PoolSeeded() | PoolDeposited():
                self.cash += event.amount
            case PoolWithdrawn():
                self.cash -= event.amount
            case InsuranceSeeded():
                self.fund += event.amount
            case FundingPaid():
                self._settle(event.user_account, event.market_index)
            case OrderExecuted():
                self._fill(step, event)
            case Liquidated():
                self._liquidate(step, event)
            case Deleveraged():
                cost = exact.value_e6(event.size_e9, event.oracle_price_e6)
                self._settle(event.user_account, event.market_index)
                self._trade(event.user_account, event.market_index, event.size_e9, cost)
            case PnlSettled():
                self._bank(step, event)
            case ClaimsPaid():
                self._pay_claims(event.user_account, pays_all=not step.after.pool.claims_e6)
            case CollateralConverted():
                paid = exact.proceeds_e6(
                    event.amount,
                    step.before.vault_of(event.vault_index).decimals,
                    low_e6=max(0, event.oracle_price_e6 - event.oracle_conf_e6),
                    is_forced=event.forced,
                )
                self.purses[event.user_account].usdc += paid
                self.purses[event.buyer_account].usdc -= paid
            case BankruptcyResolved():
                self._cover(step, event.user_account)
            case _:
                pass

    def _fill(self, step: Step, event: OrderExecuted) -> None:
        address, index = event.user_account, event.market_index
        order = step.before.orders[address, event.client_order_id]
        market, reading = step.before.markets[index], step.before.readings[index]
        cost = exact.cost_e6(
            market.params,
            event.size_e9,
            skew_e9=market.skew_e9,
            price_e6=reading.price_e6,
            conf_e6=step.counted_conf_e6(event),
        )
        self._settle(address, index)
        self._trade(address, index, event.size_e9, cost)
        fee = abs(cost) * share(fee_rate_e6(market.params, order.kind))
        insured, reward = fee * share(INSURANCE_SHARE_E6), NOTHING
        if event.keeper_reward_e6:
            offered = exact.reward_e6(
                step.before.pool.keeper_reward_e6,
                fades=order.kind is Kind.MARKET,
                waited_s=step.at.now - order.placed_at,
            )
            reward = min(offered, fee - insured)
            self.purses[step.keeper].usdc += reward
        self._pay_pool(address, fee - insured - reward)
        self.purses[address].usdc -= insured + reward
        self.fund += insured

    def _liquidate(self, step: Step, event: Liquidated) -> None:
        address, index = event.user_account, event.market_index
        allowed = self._loss_allowed(step)
        held = self.held_at(step, address)
        equity = self.maintenance_equity(step, address, held)
        before = sum((each.maintenance_e6 for each in held), NOTHING)
        (found,) = self.held_at(step, address, market=index)
        cost = exact.value_e6(event.size_e9, event.oracle_price_e6)
        impact = found.impact_e6(event.size_e9, skew_e9=step.before.markets[index].skew_e9)
        self._settle(address, index)
        self._trade(address, index, event.size_e9, cost)
        left = sum((each.maintenance_e6 for each in self.held_at(step, address)), NOTHING)
        penalty = exact.penalty_e6(found, cost_e6=cost, equity_e6=equity, left=(before, left))
        bound = max(NOTHING, max(equity, NOTHING) * (before - left) / before)
        self._pay_pool(address, min(impact, bound - penalty))
        self.purses[address].usdc -= penalty
        self.fund += penalty / 2
        self.purses[step.keeper].usdc += penalty / 2
        is_flat = not self.stakes[address, index].size_e9
        if is_flat and step.before.accounts[address].holds_only(index):
            self._cover(step, address, allowed=allowed)

    def _bank(self, step: Step, event: PnlSettled) -> None:
        address, index = event.user_account, event.market_index
        self._settle(address, index)
        (held,) = self.held_at(step, address, market=index)
        edge = -held.conf_e6 if held.size_e9 > 0 else held.conf_e6
        worst = exact.value_e6(held.size_e9, max(0, held.price_e6 + edge))
        profit = max(NOTHING, min(worst - held.entry_e6, self.cash - self.claims))
        self.stakes[address, index].entry += profit
        self._pay_pool(address, -profit)

    def _pay_claims(self, address: str, *, pays_all: bool) -> None:
        """Whether all can be paid hangs on a fraction of a unit: the program's answer is taken."""
        paid = self.claims
        if not pays_all:
            most = self.claims * (1 - UNPAID_MIN / self.unpaid)
            paid = min(max(self.cash, NOTHING), max(most, NOTHING))
        if paid:
            self.cash, self.pot = self.cash - paid, self.pot + paid
            if pays_all:
                self.epoch, self.unpaid = self.epoch + 1, Fraction(1)
            else:
                self.unpaid *= (self.claims - paid) / self.claims
            self.claims -= paid
        self._mark(address)
        purse = self.purses[address]
        fetched = min(purse.due, self.pot)
        purse.due, self.pot = purse.due - fetched, self.pot - fetched
        purse.usdc += fetched

    def _cover(self, step: Step, address: str, *, allowed: Fraction | None = None) -> None:
        most = self._loss_allowed(step) if allowed is None else allowed
        purse = self.purses[address]
        debt = max(-purse.usdc, NOTHING)
        from_fund = min(debt, self.fund)
        from_pool = min(debt - from_fund, most, max(self.cash, NOTHING))
        purse.usdc += from_fund + from_pool
        self.fund -= from_fund
        self.cash -= from_pool
        if from_pool:
            self.loss_today += from_pool

    def _loss_allowed(self, step: Step) -> Fraction:
        day = step.at.now // DAY_S
        if day != self.loss_day or self.loss_cap == 0:
            most = max(self.cash, NOTHING) * share(step.before.pool.daily_loss_share_e6)
            if step.after.pool.loss_day == day and step.after.pool.loss_cap_today_e6:
                self.loss_day, self.loss_cap, self.loss_today = day, most, NOTHING
            return most
        return max(NOTHING, self.loss_cap - self.loss_today)

    def _settle(self, address: str, market: int) -> None:
        stake = self.stakes.setdefault((address, market), Stake(0, NOTHING, NOTHING))
        if stake.size_e9:
            self._pay_pool(address, self._owed(stake, market))
            stake.index = self.index[market]

    def _owed(self, stake: Stake, market: int) -> Fraction:
        return exact.owed_e6(stake.size_e9, self.index[market] - stake.index)

    def _trade(self, address: str, market: int, trade_e9: int, cost: Fraction) -> None:
        stake = self.stakes[address, market]
        size = stake.size_e9
        closing = min(abs(trade_e9), abs(size)) if size * trade_e9 < 0 else 0
        if closing:
            paid = cost * closing / abs(trade_e9)
            released = stake.entry * closing / abs(size)
            stake.entry -= released
            cost -= paid
            self._pay_pool(address, paid + released)
        stake.size_e9 = size + trade_e9
        stake.entry += cost
        stake.index = self.index[market] if stake.size_e9 else NOTHING
        if stake.size_e9 == 0:
            assert stake.entry == 0, "the exact exchange leaves nothing in a flat position"

    def _pay_pool(self, address: str, owed: Fraction) -> None:
        paid = max(owed, -max(self.cash, NOTHING))
        claim = paid - owed
        purse = self.purses[address]
        purse.usdc -= paid
        self.cash += paid
        if claim:
            self._mark(address)
            purse.claims += claim
            self.claims += claim

    def _mark(self, address: str) -> None:
        purse = self.purses[address]
        kept = purse.claims * self.unpaid / purse.unpaid if purse.epoch == self.epoch else NOTHING
        purse.due += purse.claims - kept
        purse.claims, purse.epoch, purse.unpaid = kept, self.epoch, self.unpaid


def _has_lapsed(reading: PriceReading, market: MarketState, *, now: int) -> bool:
    is_old = reading.price_e6 > 0 and now - reading.publish_time > MINUTE_S
    return is_old and refusal_of(reading, market, action=Action.LIQUIDATE, now=now) is not None


def _mark(index_e12: int) -> tuple[int, Fraction]:
    epoch, paid = divmod(index_e12, 10**12)
    return epoch, 1 - Fraction(paid, 10**12)
