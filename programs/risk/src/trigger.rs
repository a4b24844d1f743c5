//! Triggers: when a waiting order wakes, and how a trailing stop follows the price.

use crate::math::{mul_div_down, mul_div_up, narrow_unsigned};

pub const BPS: i128 = 10_000;
/// A trailing stop may lag by at most half of the price.
pub const TRAILING_BPS_MAX: u16 = 5_000;

/// What wakes an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The price has run against the holder: a sale at or below, a purchase at or above.
    Stop(u64),
    /// The price has run for the holder: a sale at or above, a purchase at or below.
    Take(u64),
    /// The price came back from its best by so many basis points.
    Trail { bps: u16, watermark_e6: u64 },
}

impl Trigger {
    /// Whether the trigger of an order that buys or sells is reached at `price_e6`.
    pub fn is_reached(&self, buys: bool, price_e6: u64) -> Option<bool> {
        let (threshold, rises) = match *self {
            Trigger::Stop(threshold) => (threshold, buys),
            Trigger::Take(threshold) => (threshold, !buys),
            Trigger::Trail { bps, watermark_e6 } => (trailed_e6(bps, watermark_e6, buys)?, buys),
        };
        Some(if rises { price_e6 >= threshold } else { price_e6 <= threshold })
    }
}

/// The best price so far for the holder of what the order closes.
pub fn moved_watermark_e6(watermark_e6: u64, buys: bool, price_e6: u64) -> u64 {
    if buys {
        watermark_e6.min(price_e6)
    } else {
        watermark_e6.max(price_e6)
    }
}

/// Where a trailing stop wakes; rounded so that it wakes no earlier than asked.
pub fn trailed_e6(bps: u16, watermark_e6: u64, buys: bool) -> Option<u64> {
    let (best, lag) = (i128::from(watermark_e6), i128::from(bps));
    let threshold =
        if buys { mul_div_up(best, BPS + lag, BPS)? } else { mul_div_down(best, BPS - lag, BPS)? };
    narrow_unsigned(threshold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_wakes_at_its_price_on_the_losing_side() {
        assert_eq!(Trigger::Stop(100).is_reached(false, 100), Some(true));
        assert_eq!(Trigger::Stop(100).is_reached(false, 101), Some(false));
        assert_eq!(Trigger::Stop(100).is_reached(true, 100), Some(true));
        assert_eq!(Trigger::Stop(100).is_reached(true, 99), Some(false));
    }

    #[test]
    fn a_take_profit_wakes_at_its_price_on_the_winning_side() {
        assert_eq!(Trigger::Take(100).is_reached(false, 100), Some(true));
        assert_eq!(Trigger::Take(100).is_reached(false, 99), Some(false));
        assert_eq!(Trigger::Take(100).is_reached(true, 100), Some(true));
        assert_eq!(Trigger::Take(100).is_reached(true, 101), Some(false));
    }

    #[test]
    fn a_trailing_stop_follows_the_best_price_and_wakes_when_it_is_lost() {
        let high = moved_watermark_e6(moved_watermark_e6(1_000, false, 1_100), false, 1_050);
        let trail = Trigger::Trail { bps: 100, watermark_e6: high };

        assert_eq!(high, 1_100);
        assert_eq!(trail.is_reached(false, 1_090), Some(false));
        assert_eq!(trail.is_reached(false, 1_089), Some(true));
        assert_eq!(moved_watermark_e6(1_000, true, 1_100), 1_000);
        assert_eq!(trailed_e6(100, 1_001, true), Some(1_012));
        assert_eq!(trailed_e6(100, 1_001, false), Some(990));
    }
}
