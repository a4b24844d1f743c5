//! Books: the records that one trade touches, and the postings that move money among them.
//!
//! Every posting debits one holder and credits another, so users' US dollars plus pool cash plus
//! insurance never change here. What the pool cannot pay becomes a claim.

use crate::claims::Claim;
use crate::fees::FeeSplit;
use crate::funding::owed_e6;
use crate::liquidation::Penalty;
use crate::market::Sums;
use crate::math::narrow;
use crate::pool::{market_reserve_e6, market_value_e6, Pool};
use crate::position::Position;

/// One account's cash, its position in one market, that market, the pool and the fund.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books {
    pub usdc_e6: i64,
    pub claims_e6: u64,
    pub position: Position,
    pub sums: Sums,
    pub pool: Pool,
    pub insurance_e6: u64,
    pub insurance_paid_e6: u64,
    /// The claims' own numbers: what is due, the account's mark and the pool's index.
    pub claims_due_e6: u64,
    pub claims_mark_e12: u128,
    pub claims_index_e12: u128,
    /// Claims that arose since the books were opened.
    pub claims_made_e6: u64,
}

impl Books {
    /// The user pays the pool `owed_e6`; negative: the pool pays, in claims what it lacks.
    pub fn pay_pool(&mut self, owed_e6: i64) -> Option<()> {
        let paid = owed_e6.max(self.pool.cash_e6.max(0).checked_neg()?);
        let claim = u64::try_from(i128::from(paid) - i128::from(owed_e6)).ok()?;
        self.spend(paid)?;
        self.pool.cash_e6 = self.pool.cash_e6.checked_add(paid)?;
        if claim > 0 {
            self.mark_claims()?;
        }
        self.pool.claims_e6 = self.pool.claims_e6.checked_add(claim)?;
        self.claims_e6 = self.claims_e6.checked_add(claim)?;
        self.claims_made_e6 = self.claims_made_e6.checked_add(claim)?;
        Some(())
    }

    /// Brings the account's claim to the pool's index; what was paid meanwhile becomes due.
    pub fn mark_claims(&mut self) -> Option<()> {
        let claim = Claim {
            held_e6: self.claims_e6,
            due_e6: self.claims_due_e6,
            mark_e12: self.claims_mark_e12,
        };
        let marked = claim.marked(self.claims_index_e12)?;
        self.claims_e6 = marked.held_e6;
        self.claims_due_e6 = marked.due_e6;
        self.claims_mark_e12 = marked.mark_e12;
        Some(())
    }

    /// Moves a profit of the open position into cash: the entry moves with it.
    pub fn bank_profit(&mut self, paid_e6: i64) -> Option<()> {
        let held = &mut self.position;
        held.entry_e6 = held.entry_e6.checked_add(paid_e6)?;
        held.realized_pnl_e6 = held.realized_pnl_e6.checked_add(paid_e6)?;
        self.sums.entry_sum_e6 = self.sums.entry_sum_e6.checked_add(paid_e6)?;
        self.pool.cash_e6 = self.pool.cash_e6.checked_sub(paid_e6)?;
        self.spend(paid_e6.checked_neg()?)
    }

    /// The user pays a fill's fee; the keeper's part is credited by the caller.
    pub fn pay_fee(&mut self, split: &FeeSplit) -> Option<()> {
        self.pay_pool(i64::try_from(split.pool_e6).ok()?)?;
        self.pay_insurance(split.insurance_e6)?;
        self.spend(i64::try_from(split.keeper_e6).ok()?)?;
        let fee = i64::try_from(split.fee_e6).ok()?;
        self.position.fees_paid_e6 = self.position.fees_paid_e6.checked_add(fee)?;
        Some(())
    }

    /// The user pays a penalty and the impact; the liquidator's half is credited by the caller.
    pub fn pay_penalty(&mut self, penalty: &Penalty) -> Option<()> {
        self.pay_pool(i64::try_from(penalty.impact_e6).ok()?)?;
        self.pay_insurance(penalty.insurance_e6)?;
        self.spend(i64::try_from(penalty.liquidator_e6).ok()?)
    }

    /// The fund lifts a negative balance as far as it can, up to zero; returns what it paid.
    pub fn cover_by_insurance(&mut self) -> Option<u64> {
        let paid = self.debt_e6().min(self.insurance_e6);
        self.insurance_e6 -= paid;
        self.insurance_paid_e6 = self.insurance_paid_e6.checked_add(paid)?;
        self.spend(i64::try_from(paid).ok()?.checked_neg()?)?;
        Some(paid)
    }

    /// The pool lifts a negative balance within `allowed_e6` and its cash; returns what it paid.
    pub fn cover_by_pool(&mut self, allowed_e6: u64) -> Option<u64> {
        let cash = u64::try_from(self.pool.cash_e6.max(0)).ok()?;
        let paid = self.debt_e6().min(allowed_e6).min(cash);
        let signed = i64::try_from(paid).ok()?;
        self.pool.cash_e6 = self.pool.cash_e6.checked_sub(signed)?;
        self.spend(signed.checked_neg()?)?;
        Some(paid)
    }

    /// Funding owed since the position's snapshot is paid, the snapshot moved; returns it.
    pub fn settle_funding(&mut self) -> Option<i64> {
        if self.position.size_e9 == 0 {
            return Some(0);
        }
        let index = self.sums.funding_index;
        let owed = owed_e6(self.position.size_e9, index, self.position.funding_index)?;
        let step = index.checked_sub(self.position.funding_index)?;
        let moved = i128::from(self.position.size_e9).checked_mul(step)?;
        self.sums.funding_snapshot_sum = self.sums.funding_snapshot_sum.checked_add(moved)?;
        self.position.funding_index = index;
        self.position.funding_paid_e6 = self.position.funding_paid_e6.checked_add(owed)?;
        self.pay_pool(owed)?;
        Some(owed)
    }

    /// The settled position trades; realised profit moves between user and pool; returns it.
    pub fn trade(&mut self, trade_e9: i64, cost_e6: i64, leverage: u16) -> Option<i64> {
        let before = self.position;
        let index = self.sums.funding_index;
        let fill = before.filled(trade_e9, cost_e6, index, leverage)?;
        self.replace_position(&before, &fill.position)?;
        self.pay_pool(fill.realized_e6.checked_neg()?)?;
        Some(fill.realized_e6)
    }

    /// The market's value and reserve at `price_e6`, carried into the pool's sums.
    pub fn revalue(&mut self, price_e6: u64) -> Option<()> {
        let value = market_value_e6(&self.sums, price_e6)?;
        let reserve = market_reserve_e6(&self.sums, price_e6)?;
        let others = i128::from(self.pool.markets_value_e6) - i128::from(self.sums.pool_value_e6);
        self.pool.markets_value_e6 = narrow(others + i128::from(value))?;
        self.pool.reserve_e6 =
            self.pool.reserve_e6.checked_sub(self.sums.reserve_e6)?.checked_add(reserve)?;
        self.sums.pool_value_e6 = value;
        self.sums.reserve_e6 = reserve;
        Some(())
    }

    fn debt_e6(&self) -> u64 {
        self.usdc_e6.min(0).unsigned_abs()
    }

    fn pay_insurance(&mut self, paid_e6: u64) -> Option<()> {
        self.insurance_e6 = self.insurance_e6.checked_add(paid_e6)?;
        self.spend(i64::try_from(paid_e6).ok()?)
    }

    fn spend(&mut self, paid_e6: i64) -> Option<()> {
        self.usdc_e6 = self.usdc_e6.checked_sub(paid_e6)?;
        self.pool.total_user_usdc_e6 = self.pool.total_user_usdc_e6.checked_sub(paid_e6)?;
        Some(())
    }

    fn replace_position(&mut self, before: &Position, after: &Position) -> Option<()> {
        let side = |sum: u64, was: i64, is: i64| {
            let moved = i128::from(sum) - i128::from(was.max(0)) + i128::from(is.max(0));
            u64::try_from(moved).ok()
        };
        let weight = |held: &Position| i128::from(held.size_e9).checked_mul(held.funding_index);
        let sums = &mut self.sums;
        let (was, is) = (before.size_e9, after.size_e9);
        sums.long_e9 = side(sums.long_e9, was, is)?;
        sums.short_e9 = side(sums.short_e9, was.checked_neg()?, is.checked_neg()?)?;
        let entry = i128::from(sums.entry_sum_e6) - i128::from(before.entry_e6);
        sums.entry_sum_e6 = narrow(entry + i128::from(after.entry_e6))?;
        let snapshots = weight(after)?.checked_sub(weight(before)?)?;
        sums.funding_snapshot_sum = sums.funding_snapshot_sum.checked_add(snapshots)?;
        self.position = *after;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fees::fee_split;

    fn held(books: &Books) -> i128 {
        i128::from(books.usdc_e6) + i128::from(books.pool.cash_e6) + i128::from(books.insurance_e6)
    }

    fn books() -> Books {
        Books {
            usdc_e6: 1_000_000_000,
            insurance_e6: 50_000_000_000,
            pool: Pool {
                cash_e6: 1_000_000_000_000,
                total_user_usdc_e6: 1_000_000_000,
                ..Pool::default()
            },
            ..Books::default()
        }
    }

    #[test]
    fn the_story_s_first_trade_moves_every_unit() {
        let mut books = books();

        books.trade(100_000_000_000, 15_008_022_500, 20).unwrap();
        books.pay_fee(&fee_split(15_008_022_500, 500, 0).unwrap()).unwrap();

        assert_eq!(books.usdc_e6, 992_495_988);
        assert_eq!(books.pool.cash_e6, 1_000_006_753_611);
        assert_eq!(books.insurance_e6, 50_000_750_401);
        assert_eq!(books.sums.long_e9, 100_000_000_000);
        assert_eq!(books.sums.entry_sum_e6, 15_008_022_500);
    }

    #[test]
    fn what_the_pool_cannot_pay_becomes_a_claim() {
        let mut books = books();
        books.pool.cash_e6 = 30;
        let before = held(&books);

        books.pay_pool(-100).unwrap();

        assert_eq!((books.pool.cash_e6, books.pool.claims_e6), (0, 70));
        assert_eq!(books.claims_e6, 70);
        assert_eq!(held(&books), before);
    }

    #[test]
    fn a_debt_is_covered_by_the_fund_first_and_then_by_the_pool() {
        let mut books = books();
        books.usdc_e6 = -100;
        books.insurance_e6 = 30;
        let before = held(&books);

        assert_eq!(books.cover_by_insurance(), Some(30));
        assert_eq!(books.cover_by_pool(50), Some(50));

        assert_eq!(books.usdc_e6, -20);
        assert_eq!(held(&books), before);
    }

    #[test]
    fn settling_twice_is_settling_once() {
        let mut books = books();
        books.trade(100_000_000_000, 15_008_022_500, 20).unwrap();
        books.sums.funding_index = 150_000_000;

        assert_eq!(books.settle_funding(), Some(15_000));
        assert_eq!(books.settle_funding(), Some(0));
        assert_eq!(books.sums.funding_snapshot_sum, 15_000_000_000_000_000_000);
    }
}
