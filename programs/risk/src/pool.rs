//! Pool: its value without a loop over positions, and the reserve it keeps.
//!
//! The value rounds down and the reserve up: both favour those who own the pool.

use crate::market::Sums;
use crate::math::{div_down, div_up, mul_div_up, narrow, narrow_unsigned, E6, E9, INDEX_TO_USD};

pub const SKEW_RESERVE_E6: i128 = 500_000;
pub const MATCHED_RESERVE_E6: i128 = 50_000;
/// The reserve may take 80 % of the pool's equity.
pub const RESERVE_LIMIT_E6: i128 = 800_000;
pub const DAY_S: i64 = 86_400;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    pub cash_e6: i64,
    pub claims_e6: u64,
    pub markets_value_e6: i64,
    pub reserve_e6: u64,
    pub total_user_usdc_e6: i64,
}

impl Pool {
    /// What belongs to the liquidity providers.
    pub fn equity_e6(&self) -> i128 {
        i128::from(self.cash_e6) + i128::from(self.markets_value_e6) - i128::from(self.claims_e6)
    }

    pub fn covers_reserve(&self) -> Option<bool> {
        let reserve = i128::from(self.reserve_e6).checked_mul(E6)?;
        Some(reserve <= self.equity_e6().checked_mul(RESERVE_LIMIT_E6)?)
    }
}

/// The pool's unrealised profit in one market, funding included; rounded down.
pub fn market_value_e6(sums: &Sums, price_e6: u64) -> Option<i64> {
    let skew = sums.skew_e9();
    let unsettled = skew.checked_mul(sums.funding_index)?.checked_sub(sums.funding_snapshot_sum)?;
    let traders_profit =
        mul_div_up(skew, i128::from(price_e6), E9)?.checked_sub(i128::from(sums.entry_sum_e6))?;
    narrow(div_down(unsettled, INDEX_TO_USD)?.checked_sub(traders_profit)?)
}

/// Equity kept for one market: half the skew, a twentieth of what is matched; rounded up.
pub fn market_reserve_e6(sums: &Sums, price_e6: u64) -> Option<u64> {
    let skew = sums.skew_e9().abs().checked_mul(SKEW_RESERVE_E6)?;
    let matched = i128::from(sums.long_e9.min(sums.short_e9)).checked_mul(MATCHED_RESERVE_E6)?;
    let weighted = skew.checked_add(matched)?.checked_mul(i128::from(price_e6))?;
    narrow_unsigned(div_up(weighted, E9 * E6)?)
}

/// How much bad debt the pool may still take on the day of `now`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DailyLoss {
    pub day: i64,
    pub cap_e6: u64,
    pub lost_e6: u64,
}

impl DailyLoss {
    /// The allowance on the day of `now`: a new day starts with a share of the cash.
    pub fn on_day_of(&self, now: i64, cash_e6: i64, share_e6: u32) -> Option<Self> {
        let day = now.div_euclid(DAY_S);
        if day == self.day && self.cap_e6 != 0 {
            return Some(*self);
        }
        let cash = i128::from(cash_e6.max(0));
        let cap = div_down(cash.checked_mul(i128::from(share_e6))?, E6)?;
        Some(Self { day, cap_e6: narrow_unsigned(cap)?, lost_e6: 0 })
    }

    pub fn left_e6(&self) -> u64 {
        self.cap_e6.saturating_sub(self.lost_e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_holds_the_opposite_of_the_skew() {
        let sums = Sums { long_e9: 60_000_000_000, entry_sum_e6: 9_004_813_500, ..Sums::default() };

        assert_eq!(market_value_e6(&sums, 132_000_000), Some(1_084_813_500));
        assert_eq!(market_reserve_e6(&sums, 132_000_000), Some(3_960_000_000));
    }

    #[test]
    fn the_reserve_may_take_four_fifths_and_not_a_unit_more() {
        let pool = Pool { cash_e6: 100, reserve_e6: 80, ..Pool::default() };

        assert_eq!(pool.covers_reserve(), Some(true));
        assert_eq!(Pool { reserve_e6: 81, ..pool }.covers_reserve(), Some(false));
        assert_eq!(Pool { claims_e6: 1, ..pool }.covers_reserve(), Some(false));
    }

    #[test]
    fn a_new_day_renews_the_allowance() {
        let first = DailyLoss::default().on_day_of(100, 1_000, 100_000).unwrap();
        let spent = DailyLoss { lost_e6: 100, ..first };

        assert_eq!(first.left_e6(), 100);
        assert_eq!(spent.on_day_of(200, 900, 100_000).unwrap().left_e6(), 0);
        assert_eq!(spent.on_day_of(DAY_S, 900, 100_000).unwrap().left_e6(), 90);
    }
}
