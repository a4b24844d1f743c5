//! Execution: one fill as a whole, decided before anything is written.
//!
//! The books come in with the funding index already moved to now; a refusal returns no books.

use crate::books::Books;
use crate::cost::{counted_conf_e6, exceeds_bound, trade_cost_e6};
use crate::fees::{fee_split, FeeSplit};
use crate::margin::{Exposure, Standing};
use crate::market::Terms;
use crate::oracle::Reading;
use crate::pool::market_reserve_e6;
use crate::position::is_reducing;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub trade_e9: i64,
    /// The worst price accepted.
    pub bound_e6: u64,
    pub fee_rate_e6: u32,
    pub keeper_reward_e6: u64,
    /// The account's leverage cap, for a position that this trade opens.
    pub leverage: u16,
    /// Whether the account may be open in this market.
    pub has_room: bool,
    /// Open interest and the pool's reserve are checked too.
    pub checks_pool: bool,
    /// Not the first publication after the order: the confidence counts twice in the cost.
    pub is_late: bool,
}

/// Why a trade cannot be filled, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Bound,
    Margin,
    OpenInterest,
    PoolReserve,
}

/// A fill: the books after it and what moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    pub books: Books,
    pub cost_e6: i64,
    pub fee: FeeSplit,
    pub realized_e6: i64,
    pub funding_e6: i64,
    pub standing: Standing,
}

/// Fills `request` at `reading`; `others` is the account without cash and without this market.
pub fn fill(
    terms: &Terms,
    before: &Books,
    request: &Request,
    reading: &Reading,
    others: &Standing,
) -> Option<Result<Filled, Refusal>> {
    let mut books = *before;
    let funding_e6 = books.settle_funding()?;
    let skew = books.sums.skew_e9();
    let trade = request.trade_e9;
    let grows = !is_reducing(books.position.size_e9, trade);
    let conf_e6 = counted_conf_e6(terms, reading, request.is_late, grows)?;
    let cost_e6 = trade_cost_e6(terms, trade, skew, reading.price_e6, conf_e6)?;
    if exceeds_bound(cost_e6, trade, request.bound_e6)? {
        return Some(Err(Refusal::Bound));
    }
    let reserve_before = market_reserve_e6(&books.sums, reading.price_e6)?;
    let realized_e6 = books.trade(trade, cost_e6, request.leverage)?;
    let fee = fee_split(cost_e6, request.fee_rate_e6, request.keeper_reward_e6)?;
    books.pay_fee(&fee)?;
    books.revalue(reading.price_e6)?;
    let standing = standing_of(terms, &books, reading, others)?;
    if grows {
        if !request.has_room || !standing.covers_initial() {
            return Some(Err(Refusal::Margin));
        }
        if request.checks_pool {
            if !is_within_caps(terms, before, &books) {
                return Some(Err(Refusal::OpenInterest));
            }
            if books.sums.reserve_e6 > reserve_before && !books.pool.covers_reserve()? {
                return Some(Err(Refusal::PoolReserve));
            }
        }
    }
    Some(Ok(Filled { books, cost_e6, fee, realized_e6, funding_e6, standing }))
}

/// The account's standing with the cash and the settled position of `books`.
pub fn standing_of(
    terms: &Terms,
    books: &Books,
    reading: &Reading,
    others: &Standing,
) -> Option<Standing> {
    let standing = others.with_cash(i128::from(books.usdc_e6))?;
    if books.position.size_e9 == 0 {
        return Some(standing);
    }
    standing.with(&exposure_of(terms, books, reading))
}

/// The settled position of `books` at `reading`.
pub fn exposure_of<'a>(terms: &'a Terms, books: &Books, reading: &Reading) -> Exposure<'a> {
    Exposure {
        tiers: &terms.tiers,
        size_e9: books.position.size_e9,
        entry_e6: books.position.entry_e6,
        leverage: books.position.max_leverage,
        price_e6: reading.price_e6,
        conf_e6: reading.conf_e6,
        funding_owed_e6: 0,
    }
}

fn is_within_caps(terms: &Terms, before: &Books, after: &Books) -> bool {
    let side_fits = |was: u64, is: u64| is <= was || is <= terms.oi_cap_e9;
    side_fits(before.sums.long_e9, after.sums.long_e9)
        && side_fits(before.sums.short_e9, after.sums.short_e9)
        && after.position.size_e9.unsigned_abs() <= terms.account_cap_e9
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::market::Tier;
    use crate::pool::Pool;

    pub(crate) const FLAT_TIER: Tier =
        Tier { notional_cap_e6: u64::MAX, max_leverage: 20, imr_e6: 50_000, mmr_e6: 25_000 };

    pub(crate) fn sol() -> Terms {
        Terms {
            spread_e6: 200,
            impact_e6: 3_000,
            skew_scale_e9: 100_000_000_000_000,
            conf_gate_e6: 5_000,
            conf_weight_e6: 1_000_000,
            funding_max_e6: 1_000,
            liquidation_fee_e6: 10_000,
            oi_cap_e9: 200_000_000_000_000,
            account_cap_e9: 50_000_000_000_000,
            tiers: [FLAT_TIER; 4],
            ..Terms::default()
        }
    }

    pub(crate) fn start() -> Books {
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

    pub(crate) fn at(price_e6: u64) -> Reading {
        Reading { price_e6, conf_e6: 50_000, publish_time: 1 }
    }

    pub(crate) fn order(trade_e9: i64) -> Request {
        Request {
            trade_e9,
            bound_e6: if trade_e9 > 0 { u64::MAX } else { 0 },
            fee_rate_e6: 500,
            keeper_reward_e6: 0,
            leverage: 20,
            has_room: true,
            checks_pool: true,
            is_late: false,
        }
    }

    pub(crate) fn filled(books: &Books, trade_e9: i64, price_e6: u64) -> Filled {
        let none = Standing::default();
        fill(&sol(), books, &order(trade_e9), &at(price_e6), &none).unwrap().unwrap()
    }

    fn refusal(terms: &Terms, books: &Books, request: &Request) -> Option<Refusal> {
        let none = Standing::default();
        fill(terms, books, request, &at(150_000_000), &none).unwrap().err()
    }

    #[test]
    fn the_story_buys_then_sells() {
        let bought = filled(&start(), 100_000_000_000, 150_000_000);
        let mut books = bought.books;
        books.sums.funding_index += 150_000_000;
        let sold = filled(&books, -40_000_000_000, 156_000_000);

        assert_eq!(bought.books.usdc_e6, 992_495_988);
        assert_eq!(bought.standing.maintenance_equity_e6, 984_473_488);
        assert_eq!(bought.standing.initial_e6, 750_000_000);
        assert_eq!(sold.funding_e6, 15_000);
        assert_eq!(sold.books.usdc_e6, 1_222_920_580);
        assert_eq!(sold.books.pool.cash_e6, 999_776_017_181);
        assert_eq!(sold.books.insurance_e6, 50_001_062_239);
        assert_eq!(sold.standing.maintenance_equity_e6, 1_578_107_080);
    }

    #[test]
    fn every_refusal_has_its_cause() {
        let size = 100_000_000_000;
        let poor = Books { usdc_e6: 700_000_000, ..start() };
        let mut small_pool = start();
        small_pool.pool.cash_e6 = 9_000_000_000;
        let full = Terms { oi_cap_e9: 99_999_999_999, ..sol() };
        let narrow = Terms { account_cap_e9: 99_999_999_999, ..sol() };
        let bounded = Request { bound_e6: 150_080_224, ..order(size) };
        let roomless = Request { has_room: false, ..order(size) };

        assert_eq!(refusal(&sol(), &start(), &bounded), Some(Refusal::Bound));
        assert_eq!(refusal(&sol(), &poor, &order(size)), Some(Refusal::Margin));
        assert_eq!(refusal(&sol(), &start(), &roomless), Some(Refusal::Margin));
        assert_eq!(refusal(&full, &start(), &order(size)), Some(Refusal::OpenInterest));
        assert_eq!(refusal(&narrow, &start(), &order(size)), Some(Refusal::OpenInterest));
        assert_eq!(refusal(&sol(), &small_pool, &order(size)), Some(Refusal::PoolReserve));
    }

    #[test]
    fn a_late_publication_costs_one_more_confidence() {
        let none = Standing::default();
        let late = Request { is_late: true, ..order(100_000_000_000) };
        let filled = fill(&sol(), &start(), &late, &at(150_000_000), &none).unwrap().unwrap();

        assert_eq!(filled.cost_e6, 15_008_022_500 + 5_000_000);
    }

    #[test]
    fn a_wide_price_costs_a_reduction_the_gate_and_a_flip_the_whole() {
        let none = Standing::default();
        let bought = filled(&start(), 100_000_000_000, 150_000_000).books;
        let cost_of = |trade_e9, conf_e6, is_late| {
            let request = Request { is_late, ..order(trade_e9) };
            let reading = Reading { conf_e6, ..at(150_000_000) };
            fill(&sol(), &bought, &request, &reading, &none).unwrap().unwrap().cost_e6
        };
        let at_the_gate = cost_of(-100_000_000_000, 750_000, false);
        let flip = cost_of(-100_010_000_000, 750_000, false);

        assert_eq!(cost_of(-100_000_000_000, 15_000_000, false), at_the_gate);
        assert_eq!(cost_of(-100_000_000_000, 15_000_000, true), at_the_gate);
        assert_eq!(cost_of(-100_000_000_000, 749_999, false), at_the_gate - 100);
        assert_eq!(cost_of(-100_010_000_000, 750_000, true), flip + 75_007_500);
    }

    #[test]
    fn a_reduction_is_never_refused_for_margin_or_caps() {
        let mut books = filled(&start(), 100_000_000_000, 150_000_000).books;
        books.usdc_e6 = -5_000_000_000;
        let closed = Terms { oi_cap_e9: 0, account_cap_e9: 0, ..sol() };

        assert_eq!(refusal(&closed, &books, &order(-40_000_000_000)), None);
    }

    #[test]
    fn a_round_trip_at_one_price_never_gains() {
        let bought = filled(&start(), 100_000_000_000, 150_000_000);
        let sold = filled(&bought.books, -100_000_000_000, 150_000_000);

        assert!(sold.books.usdc_e6 < start().usdc_e6);
        assert_eq!(sold.books.sums.long_e9, 0);
        assert_eq!(sold.books.pool.markets_value_e6, 0);
    }
}
