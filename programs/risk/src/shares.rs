//! Shares of the pool: priced at the worse edge for whoever comes or goes.

use crate::market::Sums;
use crate::math::{mul_div_down, narrow, narrow_unsigned, E6};
use crate::oracle::Reading;
use crate::pool::{market_reserve_e6, market_value_e6, RESERVE_LIMIT_E6};

/// Seconds between asking for a withdrawal and taking it.
pub const COOLDOWN_S: i64 = 86_400;

/// Seconds for which a withdrawal may be taken once its wait is over.
pub const NOTICE_S: i64 = 86_400;

/// The pool at both edges of every market's price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Valuation {
    pub low_e6: i128,
    pub high_e6: i128,
    pub reserve_e6: u64,
}

impl Valuation {
    /// Cash less claims, before any market.
    pub fn of_cash(cash_e6: i64, claims_e6: u64) -> Self {
        let own = i128::from(cash_e6) - i128::from(claims_e6);
        Self { low_e6: own, high_e6: own, reserve_e6: 0 }
    }

    /// With one more market, its funding brought to now.
    pub fn with(&self, sums: &Sums, reading: &Reading) -> Option<Self> {
        let below = reading.price_e6.saturating_sub(reading.conf_e6).max(1);
        let above = reading.price_e6.checked_add(reading.conf_e6)?;
        let first = i128::from(market_value_e6(sums, below)?);
        let second = i128::from(market_value_e6(sums, above)?);
        let reserve = market_reserve_e6(sums, reading.price_e6)?;
        Some(Self {
            low_e6: self.low_e6.checked_add(first.min(second))?,
            high_e6: self.high_e6.checked_add(first.max(second))?,
            reserve_e6: self.reserve_e6.checked_add(reserve)?,
        })
    }

    /// Shares for `paid_e6`, rounded down; `None` when the pool is worth nothing.
    pub fn minted(&self, paid_e6: u64, shares: u64) -> Option<u64> {
        if self.high_e6 <= 0 || shares == 0 {
            return None;
        }
        narrow_unsigned(mul_div_down(i128::from(paid_e6), i128::from(shares), self.high_e6)?)
    }

    /// USD e6 for `burned` of `shares`, rounded down; 0 when the pool is worth nothing.
    pub fn redeemed_e6(&self, burned: u64, shares: u64) -> Option<u64> {
        let worth = self.low_e6.max(0);
        narrow_unsigned(mul_div_down(i128::from(burned), worth, i128::from(shares))?)
    }

    /// Whether the pool keeps its reserve after `paid_e6` left it.
    pub fn covers_reserve_without(&self, paid_e6: u64) -> Option<bool> {
        let left = self.low_e6.checked_sub(i128::from(paid_e6))?;
        let reserve = i128::from(self.reserve_e6).checked_mul(E6)?;
        Some(reserve <= left.checked_mul(RESERVE_LIMIT_E6)?)
    }

    /// The edge that a deposit pays, as a signed 64-bit number.
    pub fn high(&self) -> Option<i64> {
        narrow(self.high_e6)
    }

    /// The edge that a withdrawal gets.
    pub fn low(&self) -> Option<i64> {
        narrow(self.low_e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> Valuation {
        let sums =
            Sums { long_e9: 100_000_000_000, entry_sum_e6: 15_000_000_000, ..Sums::default() };
        let reading = Reading { price_e6: 150_000_000, conf_e6: 50_000, publish_time: 1 };
        Valuation::of_cash(20_000_000_000, 0).with(&sums, &reading).unwrap()
    }

    #[test]
    fn who_comes_pays_the_high_edge_and_who_goes_gets_the_low_one() {
        assert_eq!((pool().low_e6, pool().high_e6), (19_995_000_000, 20_005_000_000));
        assert_eq!(pool().minted(20_005_000_000, 1_000), Some(1_000));
        assert_eq!(pool().redeemed_e6(1_000, 1_000), Some(19_995_000_000));
    }

    #[test]
    fn coming_and_going_never_gains() {
        let (paid, shares) = (1_000_000_007, 20_000_000_000);
        let minted = pool().minted(paid, shares).unwrap();
        let richer = Valuation {
            low_e6: pool().low_e6 + i128::from(paid),
            high_e6: pool().high_e6 + i128::from(paid),
            ..pool()
        };

        assert!(richer.redeemed_e6(minted, shares + minted).unwrap() <= paid);
    }

    #[test]
    fn the_reserve_stays_to_the_unit() {
        // Reserve 7,500 needs 9,375 of equity; 19,995 − 9,375 may leave.
        assert_eq!(pool().covers_reserve_without(10_620_000_000), Some(true));
        assert_eq!(pool().covers_reserve_without(10_620_000_001), Some(false));
    }

    #[test]
    fn a_pool_worth_nothing_sells_no_share() {
        let poor = Valuation::of_cash(5, 5);

        assert_eq!(poor.minted(1, 10), None);
        assert_eq!(poor.redeemed_e6(1, 10), Some(0));
        assert_eq!(Valuation::of_cash(5, 0).minted(1, 0), None);
    }
}
