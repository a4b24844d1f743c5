//! Closing: one liquidation as a whole, from the check of the requirement to who bears the rest.

use crate::books::Books;
use crate::cost::{adverse_impact_e6, closing_cost_e6};
use crate::execution::{exposure_of, standing_of};
use crate::liquidation::{
    close_size_e9, penalty, penalty_fraction_e6, releasable_e6, restored_e6, Penalty,
};
use crate::margin::{Exposure, Standing};
use crate::market::Terms;
use crate::oracle::Reading;

/// The account's other markets and collateral.
#[derive(Clone, Copy, Debug, Default)]
pub struct Elsewhere {
    /// Without cash and without the market that is closed.
    pub standing: Standing,
    /// Sum of the other markets' initial requirements, each times 1.05.
    pub restored_e6: i128,
    pub largest_maintenance_e6: i128,
    /// What the other collateral counts for to keep.
    pub collateral_e6: i128,
    /// Nothing is open or held elsewhere: what is missing after the close is bad debt.
    pub is_empty: bool,
}

impl Elsewhere {
    /// With one more position, at a price that may be used.
    pub fn with(&self, exposure: &Exposure) -> Option<Self> {
        let restored = restored_e6(exposure.initial_e6()?)?;
        let largest = self.largest_maintenance_e6.max(exposure.maintenance_e6()?);
        Some(Self {
            standing: self.standing.with(exposure)?,
            restored_e6: self.restored_e6.checked_add(restored)?,
            largest_maintenance_e6: largest,
            ..*self
        })
    }

    /// With one whose price nobody posts any more: neither restored nor the largest.
    pub fn with_lapsed(&self, exposure: &Exposure) -> Option<Self> {
        Some(Self { standing: self.standing.with_lapsed(exposure)?, ..*self })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Healthy,
    NotLargest,
}

/// A liquidation: the books after it and what moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    pub books: Books,
    /// Signed trade.
    pub trade_e9: i64,
    pub cost_e6: i64,
    pub realized_e6: i64,
    pub funding_e6: i64,
    pub penalty: Penalty,
    pub insurance_paid_e6: u64,
    pub pool_loss_e6: u64,
    pub standing: Standing,
}

/// Closes as much as needed at `reading`, at most `max_size_e9` (0: as needed) when not the whole.
///
/// `pool_allowance_e6` is how much bad debt the pool may still take today.
pub fn close(
    terms: &Terms,
    before: &Books,
    reading: &Reading,
    elsewhere: &Elsewhere,
    max_size_e9: u64,
    pool_allowance_e6: u64,
) -> Option<Result<Closed, Refusal>> {
    let mut books = *before;
    let funding_e6 = books.settle_funding()?;
    let was = standing_of(terms, &books, reading, &elsewhere.standing)?;
    if !was.is_liquidatable() {
        return Some(Err(Refusal::Healthy));
    }
    let exposure = exposure_of(terms, &books, reading);
    if elsewhere.largest_maintenance_e6 > exposure.maintenance_e6()? {
        return Some(Err(Refusal::NotLargest));
    }

    let equity = was.maintenance_equity_e6;
    let fee = terms.liquidation_fee_e6;
    let skew_e9 = books.sums.skew_e9();
    let impact_of = |trade_e9| adverse_impact_e6(terms, trade_e9, skew_e9, reading.price_e6);
    let whole_e6 = impact_of(books.position.size_e9.checked_neg()?)?;
    let needed = close_size_e9(&exposure, fee, whole_e6, elsewhere.restored_e6, equity)?;
    let fraction = penalty_fraction_e6(&exposure, fee)?;
    let trade_e9 = closing_trade_e9(books.position.size_e9, needed, max_size_e9)?;
    let cost_e6 = closing_cost_e6(trade_e9, reading.price_e6)?;
    let realized_e6 = books.trade(trade_e9, cost_e6, 0)?;
    let after = standing_of(terms, &books, reading, &elsewhere.standing)?;
    let bound_e6 = releasable_e6(equity, was.maintenance_e6, after.maintenance_e6)?;
    let penalty = penalty(fraction, cost_e6, impact_of(trade_e9)?, bound_e6)?;
    books.pay_penalty(&penalty)?;

    let is_bankrupt = elsewhere.is_empty && books.position.size_e9 == 0;
    let (mut insurance_paid_e6, mut pool_loss_e6) = (0, 0);
    if is_bankrupt {
        insurance_paid_e6 = books.cover_by_insurance()?;
        pool_loss_e6 = books.cover_by_pool(pool_allowance_e6)?;
    }
    books.revalue(reading.price_e6)?;
    let standing = standing_of(terms, &books, reading, &elsewhere.standing)?;
    Some(Ok(Closed {
        books,
        trade_e9,
        cost_e6,
        realized_e6,
        funding_e6,
        penalty,
        insurance_paid_e6,
        pool_loss_e6,
        standing,
    }))
}

fn closing_trade_e9(size_e9: i64, needed_e9: u64, max_size_e9: u64) -> Option<i64> {
    let is_whole = needed_e9 >= size_e9.unsigned_abs();
    let closed = if is_whole || max_size_e9 == 0 { needed_e9 } else { needed_e9.min(max_size_e9) };
    let closed = i64::try_from(closed).ok()?;
    if size_e9 > 0 {
        closed.checked_neg()
    } else {
        Some(closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::tests::{at, filled, sol, start};

    const ALONE: Elsewhere = Elsewhere {
        standing: Standing {
            initial_equity_e6: 0,
            initial_e6: 0,
            maintenance_equity_e6: 0,
            maintenance_e6: 0,
            notional_e6: 0,
            open_pnl_e6: 0,
        },
        restored_e6: 0,
        largest_maintenance_e6: 0,
        collateral_e6: 0,
        is_empty: true,
    };

    fn story() -> Books {
        let mut books = filled(&start(), 100_000_000_000, 150_000_000).books;
        books.sums.funding_index += 150_000_000;
        filled(&books, -40_000_000_000, 156_000_000).books
    }

    fn closed(books: &Books, price_e6: u64) -> Closed {
        close(&sol(), books, &at(price_e6), &ALONE, 0, u64::MAX).unwrap().unwrap()
    }

    #[test]
    fn the_story_ends_to_the_unit() {
        let first = closed(&story(), 132_000_000);
        let second = closed(&first.books, 128_000_000);
        let last = closed(&second.books, 115_000_000);

        assert_eq!(first.trade_e9, -49_499_629_235);
        assert_eq!(first.books.position.entry_e6, 1_575_898_006);
        assert_eq!(first.books.usdc_e6, 262_616_634);
        assert_eq!(first.standing.maintenance_equity_e6, 72_767_568);
        assert_eq!(first.standing.initial_e6, 69_302_448);
        assert_eq!(first.standing.maintenance_e6, 34_651_224);
        assert_eq!(first.books.pool.cash_e6, 1_000_670_981_616);
        assert_eq!(first.books.insurance_e6, 50_033_731_995);
        assert_eq!(second.trade_e9, -7_315_515_915);
        assert_eq!(second.books.usdc_e6, 91_724_536);
        assert_eq!(second.books.pool.cash_e6, 1_000_832_509_853);
        assert_eq!(second.books.insurance_e6, 50_038_413_926);
        assert_eq!(last.insurance_paid_e6, 20_000_889);
        assert_eq!(last.books.usdc_e6, 0);
        assert_eq!(last.books.pool.cash_e6, 1_000_944_235_278);
        assert_eq!(last.books.insurance_e6, 50_018_413_037);
    }

    #[test]
    fn a_healthy_account_is_left_alone_at_the_very_boundary() {
        let mut books = story();
        let at_requirement = 198_000_000 - 138_107_080;
        books.usdc_e6 += at_requirement;
        let outcome = |books: &Books| close(&sol(), books, &at(132_000_000), &ALONE, 0, 0).unwrap();

        assert_eq!(outcome(&books).err(), Some(Refusal::Healthy));
        books.usdc_e6 -= 1;
        assert!(outcome(&books).is_ok());
    }

    #[test]
    fn the_larger_requirement_goes_first() {
        let elsewhere = Elsewhere { largest_maintenance_e6: 198_000_001, ..ALONE };
        let outcome = close(&sol(), &story(), &at(132_000_000), &elsewhere, 0, 0).unwrap();

        assert_eq!(outcome.err(), Some(Refusal::NotLargest));
    }

    #[test]
    fn a_position_without_a_price_waits_its_turn_and_helps_by_a_quarter() {
        let terms = sol();
        let held = Exposure {
            tiers: &terms.tiers,
            size_e9: 1_000_000_000,
            entry_e6: 400_000_000,
            leverage: 20,
            price_e6: 400_000_000,
            conf_e6: 0,
            funding_owed_e6: 0,
        };
        let elsewhere = Elsewhere { is_empty: false, ..ALONE }.with_lapsed(&held).unwrap();
        let alive = Elsewhere { is_empty: false, ..ALONE }.with(&held).unwrap();
        let mut books = story();
        // Short of the requirement by 100 US dollars, a quarter of what is held elsewhere.
        books.usdc_e6 += 198_000_000 - 138_107_080 - 100_000_000;
        let outcome = |books: &Books| {
            close(&terms, books, &at(132_000_000), &elsewhere, 0, u64::MAX).unwrap()
        };

        assert_eq!((elsewhere.restored_e6, elsewhere.largest_maintenance_e6), (0, 0));
        assert!(alive.restored_e6 > 0 && alive.largest_maintenance_e6 > 0);
        assert_eq!(outcome(&books).err(), Some(Refusal::Healthy));
        books.usdc_e6 -= 1;
        let closed = outcome(&books).unwrap();
        assert!(closed.trade_e9 < 0);
        books.usdc_e6 -= 1_000_000_000;
        let ruined = outcome(&books).unwrap();
        assert_eq!(ruined.books.position.size_e9, 0);
        assert!(ruined.books.usdc_e6 < 0);
        assert_eq!((ruined.insurance_paid_e6, ruined.pool_loss_e6), (0, 0));
    }

    #[test]
    fn a_close_against_the_crowd_pays_the_pool_its_impact() {
        let mut crowded = story();
        crowded.sums.short_e9 += 20_000_000_000_000;
        let mut with_the_crowd = story();
        with_the_crowd.sums.long_e9 += 20_000_000_000_000;

        let first = closed(&crowded, 132_000_000);
        let eased = closed(&with_the_crowd, 132_000_000);

        assert_eq!(first.trade_e9, -50_208_454_478);
        assert_eq!(first.penalty.impact_e6, 3_969_572);
        let paid_e6 = first.books.pool.cash_e6 - crowded.pool.cash_e6;
        assert_eq!(paid_e6, 3_969_572 - first.realized_e6 + first.funding_e6);
        let (equity, asked) = (first.standing.maintenance_equity_e6, first.standing.initial_e6);
        assert!(equity * 100 >= asked * 105);
        assert_eq!(eased.penalty.impact_e6, 0);
        assert_eq!(eased.trade_e9, -49_499_629_235);
    }

    #[test]
    fn a_smaller_close_may_be_asked_but_a_whole_close_is_whole() {
        let part = close(&sol(), &story(), &at(132_000_000), &ALONE, 1_000_000_000, 0);
        let whole = close(&sol(), &story(), &at(100_000_000), &ALONE, 1_000_000_000, u64::MAX);

        assert_eq!(part.unwrap().unwrap().trade_e9, -1_000_000_000);
        assert_eq!(whole.unwrap().unwrap().trade_e9, -60_000_000_000);
    }

    #[test]
    fn bad_debt_goes_to_the_fund_then_to_the_pool_up_to_its_allowance() {
        let mut books = story();
        books.insurance_e6 = 100_000_000;
        let outcome = close(&sol(), &books, &at(100_000_000), &ALONE, 0, 7_000_000);
        let closed = outcome.unwrap().unwrap();

        assert_eq!(closed.insurance_paid_e6, 100_000_000);
        assert_eq!(closed.pool_loss_e6, 7_000_000);
        let missing = 9_004_813_500 - 6_000_000_000 - 1_222_920_580 - 107_000_000;
        assert_eq!(closed.books.usdc_e6, -missing);
    }

    #[test]
    fn a_debt_with_something_else_left_is_not_covered() {
        let elsewhere = Elsewhere { is_empty: false, ..ALONE };
        let outcome = close(&sol(), &story(), &at(100_000_000), &elsewhere, 0, u64::MAX);

        assert_eq!(outcome.unwrap().unwrap().insurance_paid_e6, 0);
    }
}
