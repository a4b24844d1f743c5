//! Outflow: how much more may leave a vault than comes in within an hour, as a leaking bucket.
//!
//! What comes in takes as much out of the bucket, never below empty: no credit is stored.

use crate::funding::HOUR_S;
use crate::math::{mul_div_down, E6};

/// What the bucket says to a withdrawal: its level afterwards, or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Level(u64),
    Refused,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    pub floor: u64,
    pub share_e6: u32,
    pub level: u64,
    pub updated_at: i64,
}

impl Bucket {
    /// Lets `amount` out of a vault that holds `held` before it, at unix second `now`.
    pub fn take(&self, amount: u64, held: u64, now: i64) -> Option<Outcome> {
        let cap = self.cap(held)?;
        let level = self.drained(cap, now)?.checked_add(i128::from(amount))?;
        if level > cap {
            return Some(Outcome::Refused);
        }
        Some(Outcome::Level(u64::try_from(level).ok()?))
    }

    /// The level after `amount` came into a vault that held `held`, at unix second `now`.
    pub fn give(&self, amount: u64, held: u64, now: i64) -> Option<u64> {
        let level = self.drained(self.cap(held)?, now)?;
        u64::try_from((level - i128::from(amount)).max(0)).ok()
    }

    fn cap(&self, held: u64) -> Option<i128> {
        let share = mul_div_down(i128::from(held), i128::from(self.share_e6), E6)?;
        i128::from(self.floor).checked_add(share)
    }

    fn drained(&self, cap: i128, now: i64) -> Option<i128> {
        let elapsed = now.checked_sub(self.updated_at)?.clamp(0, HOUR_S);
        let drained = mul_div_down(cap, i128::from(elapsed), i128::from(HOUR_S))?;
        Some((i128::from(self.level) - drained).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: Bucket = Bucket { floor: 100, share_e6: 100_000, level: 0, updated_at: 0 };

    #[test]
    fn the_cap_is_a_floor_and_a_share() {
        assert_eq!(BUCKET.take(200, 1_000, 0), Some(Outcome::Level(200)));
        assert_eq!(BUCKET.take(201, 1_000, 0), Some(Outcome::Refused));
    }

    #[test]
    fn the_bucket_drains_in_an_hour() {
        let full = Bucket { level: 200, ..BUCKET };

        assert_eq!(full.take(1, 1_000, 0), Some(Outcome::Refused));
        assert_eq!(full.take(100, 1_000, 1_800), Some(Outcome::Level(200)));
        assert_eq!(full.take(200, 1_000, 9_000), Some(Outcome::Level(200)));
    }

    #[test]
    fn what_comes_in_lowers_the_level_after_the_leak_and_never_below_empty() {
        let full = Bucket { level: 200, ..BUCKET };

        assert_eq!(full.give(50, 1_000, 0), Some(150));
        assert_eq!(full.give(50, 1_000, 1_800), Some(50));
        assert_eq!(full.give(200, 1_000, 0), Some(0));
        assert_eq!(full.give(u64::MAX, 1_000, 0), Some(0));
    }

    #[test]
    fn the_vault_before_the_deposit_says_how_much_leaks() {
        let full = Bucket { level: 200, ..BUCKET };

        assert_eq!(full.give(1, 0, 1_800), Some(149));
        assert_eq!(full.give(1, 1_000, 1_800), Some(99));
    }
}
