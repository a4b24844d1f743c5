//! Outflow: how much may leave a vault within an hour, as a leaking bucket.

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
        let share = mul_div_down(i128::from(held), i128::from(self.share_e6), E6)?;
        let cap = i128::from(self.floor).checked_add(share)?;
        let elapsed = now.checked_sub(self.updated_at)?.clamp(0, HOUR_S);
        let drained = mul_div_down(cap, i128::from(elapsed), i128::from(HOUR_S))?;
        let level = (i128::from(self.level) - drained).max(0) + i128::from(amount);
        if level > cap {
            return Some(Outcome::Refused);
        }
        Some(Outcome::Level(u64::try_from(level).ok()?))
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
}
