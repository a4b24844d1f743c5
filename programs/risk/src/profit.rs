//! Profit taken out of an open position: settled at will by its owner, or closed by the keeper
//! while the pool is under its floor.

use crate::books::Books;
use crate::cost::closing_cost_e6;
use crate::math::narrow;
use crate::oracle::Reading;
use crate::position::unrealized_pnl_e6;

/// The pool is under its floor when so many times its equity do not make up its reserve.
pub const FLOOR_PARTS: i128 = 4;

/// Pays the profit at the adverse edge of the price as far as the pool has cash that no claim
/// waits for; its amount.
///
/// Equity does not change: the entry moves by what is paid. 0 changes nothing.
pub fn settle_profit(books: &mut Books, reading: &Reading) -> Option<u64> {
    let held = &books.position;
    let band = i128::from(reading.conf_e6);
    let edge = if held.size_e9 > 0 { -band } else { band };
    let price = i128::from(reading.price_e6).checked_add(edge)?.max(0);
    let profit = unrealized_pnl_e6(held.size_e9, held.entry_e6, price)?;
    let spare = i128::from(books.pool.cash_e6) - i128::from(books.pool.claims_e6);
    let paid = narrow(profit.min(spare).max(0))?;
    books.bank_profit(paid)?;
    books.revalue(reading.price_e6)?;
    u64::try_from(paid).ok()
}

/// Who is closed first: the larger profit for each unit of US dollars held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank {
    pub profit_e6: i128,
    pub usdc_e6: i64,
}

impl Rank {
    pub fn of(size_e9: i64, entry_e6: i64, usdc_e6: i64, price_e6: u64) -> Option<Self> {
        let profit_e6 = unrealized_pnl_e6(size_e9, entry_e6, i128::from(price_e6))?;
        Some(Self { profit_e6, usdc_e6 })
    }

    /// Whether this one must be closed before `other`.
    pub fn precedes(&self, other: &Self) -> Option<bool> {
        let mine = self.profit_e6.checked_mul(i128::from(other.usdc_e6.max(1)))?;
        let theirs = other.profit_e6.checked_mul(i128::from(self.usdc_e6.max(1)))?;
        Some(mine > theirs)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    PoolHealthy,
    NotProfitable,
}

/// One deleveraging close, decided before anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleveraged {
    pub books: Books,
    pub trade_e9: i64,
    pub cost_e6: i64,
    pub realized_e6: i64,
    pub funding_e6: i64,
    pub pool_equity_before_e6: i128,
    pub rank: Rank,
}

/// Closes a profitable position of the heavier side at the oracle price; no fee, no penalty.
pub fn deleverage(
    before: &Books,
    reading: &Reading,
    max_size_e9: u64,
) -> Option<Result<Deleveraged, Refusal>> {
    let mut books = *before;
    let funding_e6 = books.settle_funding()?;
    books.revalue(reading.price_e6)?;
    let equity = books.pool.equity_e6();
    if equity.checked_mul(FLOOR_PARTS)? >= i128::from(books.pool.reserve_e6) {
        return Some(Err(Refusal::PoolHealthy));
    }
    let size = books.position.size_e9;
    let skew = books.sums.skew_e9();
    let rank = Rank::of(size, books.position.entry_e6, books.usdc_e6, reading.price_e6)?;
    if rank.profit_e6 <= 0 || skew.signum() != i128::from(size.signum()) {
        return Some(Err(Refusal::NotProfitable));
    }
    let heavier = u64::try_from(skew.unsigned_abs()).ok()?;
    let most = if max_size_e9 == 0 { u64::MAX } else { max_size_e9 };
    let closed = i64::try_from(size.unsigned_abs().min(heavier).min(most)).ok()?;
    let trade_e9 = if size > 0 { -closed } else { closed };
    let cost_e6 = closing_cost_e6(trade_e9, reading.price_e6)?;
    let realized_e6 = books.trade(trade_e9, cost_e6, 0)?;
    books.revalue(reading.price_e6)?;
    let pool_equity_before_e6 = equity;
    Some(Ok(Deleveraged {
        books,
        trade_e9,
        cost_e6,
        realized_e6,
        funding_e6,
        pool_equity_before_e6,
        rank,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::tests::{at, filled, start};

    fn long() -> Books {
        filled(&start(), 100_000_000_000, 150_000_000).books
    }

    #[test]
    fn profit_becomes_cash_and_the_pool_s_equity_stays() {
        let mut books = long();
        books.revalue(160_000_000).unwrap();
        let (equity, usdc) = (books.pool.equity_e6(), books.usdc_e6);

        let paid = settle_profit(&mut books, &at(160_000_000)).unwrap();

        assert_eq!(paid, 16_000_000_000 - 5_000_000 - 15_008_022_500);
        assert_eq!(books.usdc_e6 - usdc, paid as i64);
        assert_eq!(books.pool.equity_e6(), equity);
        assert_eq!(settle_profit(&mut books, &at(160_000_000)), Some(0));
    }

    #[test]
    fn the_pool_pays_no_profit_that_it_does_not_have() {
        let mut books = long();
        books.pool.cash_e6 = 7;

        assert_eq!(settle_profit(&mut books, &at(160_000_000)), Some(7));
        assert_eq!(books.claims_e6, 0);
    }

    #[test]
    fn cash_that_older_claims_wait_for_banks_no_profit() {
        let mut books = long();
        books.pool.claims_e6 = 1_000;
        books.pool.cash_e6 = 1_000;

        assert_eq!(settle_profit(&mut books, &at(160_000_000)), Some(0));
        books.pool.cash_e6 = 1_007;
        assert_eq!(settle_profit(&mut books, &at(160_000_000)), Some(7));
        assert_eq!(books.pool.cash_e6, 1_000);
        books.pool.cash_e6 = -1;
        assert_eq!(settle_profit(&mut books, &at(160_000_000)), Some(0));
    }

    #[test]
    fn a_pool_above_its_floor_closes_nobody() {
        let mut books = long();
        // The long gains 991.9775; the reserve is 8,000, so the floor is 2,000.
        books.pool.cash_e6 = 2_000_000_000 + 991_977_500;
        let outcome = |books: &Books| deleverage(books, &at(160_000_000), 0).unwrap();

        assert_eq!(outcome(&books).err(), Some(Refusal::PoolHealthy));
        books.pool.cash_e6 -= 1;
        let closed = outcome(&books).unwrap();
        assert_eq!(closed.trade_e9, -100_000_000_000);
        assert_eq!(closed.realized_e6, 991_977_500);
        assert_eq!(closed.books.pool.reserve_e6, 0);
    }

    #[test]
    fn a_loss_or_the_lighter_side_is_left_alone() {
        let mut books = long();
        books.pool.cash_e6 = -5_000_000_000;

        let loss = deleverage(&books, &at(150_000_000), 0).unwrap();
        books.sums.short_e9 = 900_000_000_000;
        books.sums.entry_sum_e6 -= 135_000_000_000;
        books.pool.cash_e6 = -500_000_000_000;
        let lighter = deleverage(&books, &at(160_000_000), 0).unwrap();

        assert_eq!(loss.err(), Some(Refusal::NotProfitable));
        assert_eq!(lighter.err(), Some(Refusal::NotProfitable));
    }

    #[test]
    fn the_larger_profit_for_its_collateral_goes_first() {
        let small = Rank { profit_e6: 100, usdc_e6: 10 };
        let large = Rank { profit_e6: 101, usdc_e6: 10 };
        let rich = Rank { profit_e6: 1_000, usdc_e6: 1_000 };

        assert_eq!(large.precedes(&small), Some(true));
        assert_eq!(small.precedes(&small), Some(false));
        assert_eq!(rich.precedes(&small), Some(false));
        assert_eq!(Rank { profit_e6: 1, usdc_e6: -5 }.precedes(&rich), Some(false));
    }
}
