//! Funding: the heavier side pays by the hour in proportion to the skew.
//!
//! The index rounds down and what a position owes rounds up: the dust stays in the pool.

use crate::market::{Sums, Terms};
use crate::math::{div_down, div_up, narrow, INDEX_TO_USD};

pub const HOUR_S: i64 = 3_600;

/// Fraction of the notional that a long pays per hour (negative: receives).
pub fn rate_e6(terms: &Terms, skew_e9: i128) -> Option<i64> {
    let pressure = held(terms, skew_e9).checked_mul(i128::from(terms.funding_max_e6))?;
    narrow(div_down(pressure, i128::from(terms.skew_scale_e9))?)
}

/// Growth of the index in `elapsed_s` seconds, USD e12 per base.
pub fn index_step(terms: &Terms, skew_e9: i128, price_e6: u64, elapsed_s: i64) -> Option<i128> {
    let growth = held(terms, skew_e9)
        .checked_mul(i128::from(terms.funding_max_e6))?
        .checked_mul(i128::from(price_e6))?
        .checked_mul(i128::from(elapsed_s))?;
    let hours = i128::from(terms.skew_scale_e9).checked_mul(i128::from(HOUR_S))?;
    div_down(growth, hours)
}

/// The index at unix second `now`; one step credits an hour at most.
pub fn index_at(terms: &Terms, sums: &Sums, price_e6: u64, now: i64) -> Option<i128> {
    let elapsed = now.checked_sub(sums.funding_at)?.clamp(0, HOUR_S);
    let step = index_step(terms, sums.skew_e9(), price_e6, elapsed)?;
    sums.funding_index.checked_add(step)
}

/// What a position owes since its snapshot (negative: receives).
pub fn owed_e6(size_e9: i64, index: i128, snapshot: i128) -> Option<i64> {
    let moved = index.checked_sub(snapshot)?;
    narrow(div_up(i128::from(size_e9).checked_mul(moved)?, INDEX_TO_USD)?)
}

fn held(terms: &Terms, skew_e9: i128) -> i128 {
    let scale = i128::from(terms.skew_scale_e9);
    skew_e9.clamp(-scale, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sol() -> Terms {
        Terms { skew_scale_e9: 100_000_000_000_000, funding_max_e6: 1_000, ..Terms::default() }
    }

    #[test]
    fn one_hour_of_the_story_costs_a_cent_and_a_half() {
        let step = index_step(&sol(), 100_000_000_000, 150_000_000, 3_600).unwrap();

        assert_eq!(step, 150_000_000);
        assert_eq!(owed_e6(100_000_000_000, step, 0), Some(15_000));
    }

    #[test]
    fn what_one_side_pays_the_other_never_receives_more() {
        let paid = owed_e6(3, 333_333_333_333_333, 0).unwrap();
        let received = owed_e6(-3, 333_333_333_333_333, 0).unwrap();

        assert!(paid + received >= 0);
    }

    #[test]
    fn a_step_never_credits_more_than_an_hour() {
        let sums = Sums { long_e9: 100_000_000_000, ..Sums::default() };

        let hour = index_at(&sol(), &sums, 150_000_000, HOUR_S);
        let day = index_at(&sol(), &sums, 150_000_000, 24 * HOUR_S);

        assert_eq!(hour, day);
    }

    #[test]
    fn the_rate_is_capped_at_the_scale() {
        assert_eq!(rate_e6(&sol(), 100_000_000_000_000), Some(1_000));
        assert_eq!(rate_e6(&sol(), 900_000_000_000_000), Some(1_000));
        assert_eq!(rate_e6(&sol(), -900_000_000_000_000), Some(-1_000));
    }
}
