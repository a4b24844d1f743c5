//! Oracle: a published price, its grade, and the worst grade each action accepts.

use crate::market::Terms;
use crate::math::{div_down, div_up, E6};

pub const FUTURE_TOLERANCE_S: i64 = 2;
pub const JUMP_WINDOW_S: i64 = 5;
/// A move of more than one part in ten within the window needs a second publication.
pub const JUMP_PARTS: u128 = 10;
/// After so long without an accepted price the first one only refreshes; after so long without any
/// a market elsewhere keeps nobody from being liquidated.
pub const SILENCE_S: i64 = 60;
/// A publication of these first seconds after an order is taken for the first one.
pub const FIRST_WINDOW_S: i64 = 2;
const LARGEST: i128 = 1 << 53;

/// One published price, USD e6 per base, with a confidence of the same unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// 0 when the published price was not positive.
    pub price_e6: u64,
    pub conf_e6: u64,
    pub publish_time: i64,
}

/// How far a reading can be trusted; larger is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Grade {
    Valid = 0,
    Wide = 1,
    Stale = 2,
    Jumped = 3,
    NonPositive = 4,
    Future = 5,
}

/// What a price is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Grow,
    Reduce,
    Liquidate,
    Withdraw,
    Fund,
}

impl Action {
    pub fn worst_accepted(self) -> Grade {
        match self {
            Action::Reduce | Action::Liquidate => Grade::Wide,
            Action::Grow | Action::Withdraw | Action::Fund => Grade::Valid,
        }
    }

    /// Oldest price in seconds that the action may use.
    pub fn age_limit_s(self, terms: &Terms) -> i64 {
        i64::from(match self {
            Action::Reduce => terms.age_reduce_s,
            Action::Liquidate => terms.age_liquidate_s,
            Action::Grow | Action::Withdraw | Action::Fund => terms.age_grow_s,
        })
    }
}

/// The prices that a market remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    pub last_price_e6: u64,
    pub last_conf_e6: u64,
    pub last_publish_time: i64,
    /// A price that waits for a second publication; 0 when none does.
    pub pending_price_e6: u64,
    pub pending_publish_time: i64,
}

/// A publisher's mantissas as e6: the price rounds down, its confidence up.
pub fn reading_of(price: i64, conf: u64, exponent: i32, publish_time: i64) -> Option<Reading> {
    if !(-12..=0).contains(&exponent) {
        return None;
    }
    if price <= 0 {
        return Some(Reading { publish_time, ..Reading::default() });
    }
    let scale = 10i128.checked_pow(u32::try_from(exponent + 12).ok()?)?;
    let price_e6 = div_down(i128::from(price).checked_mul(scale)?, E6)?;
    let conf_e6 = div_up(i128::from(conf).checked_mul(scale)?, E6)?;
    if price_e6 >= LARGEST || conf_e6 >= LARGEST {
        return None;
    }
    Some(Reading {
        price_e6: u64::try_from(price_e6).ok()?,
        conf_e6: u64::try_from(conf_e6).ok()?,
        publish_time,
    })
}

/// Whether a newer publication than the first after an order was chosen, or has to be used.
///
/// `previous_at` is when the feed had published before; the first one spans the order.
pub fn is_late(publish_time: i64, previous_at: i64, placed_at: i64) -> bool {
    previous_at > placed_at && publish_time > placed_at.saturating_add(FIRST_WINDOW_S)
}

impl Reading {
    /// The first fault of the reading for `action` at unix second `now`.
    pub fn grade(&self, terms: &Terms, memory: &Memory, action: Action, now: i64) -> Grade {
        if self.publish_time > now.saturating_add(FUTURE_TOLERANCE_S) {
            return Grade::Future;
        }
        if self.price_e6 == 0 {
            return Grade::NonPositive;
        }
        if self.has_jumped(memory) {
            return Grade::Jumped;
        }
        let age = now.saturating_sub(self.publish_time);
        if age > action.age_limit_s(terms) || self.publish_time < memory.last_publish_time {
            return Grade::Stale;
        }
        let gate = u128::from(self.price_e6) * u128::from(terms.conf_gate_e6);
        if u128::from(self.conf_e6) * 1_000_000 > gate {
            return Grade::Wide;
        }
        Grade::Valid
    }

    /// Whether a position in another market counts for `action` although its price is refused:
    /// nobody has posted one for longer than a silence, and a liquidation must not wait for it.
    pub fn has_lapsed(&self, grade: Grade, action: Action, now: i64) -> bool {
        let is_silent = self.price_e6 > 0 && now.saturating_sub(self.publish_time) > SILENCE_S;
        action == Action::Liquidate && grade > action.worst_accepted() && is_silent
    }

    fn has_jumped(&self, memory: &Memory) -> bool {
        let waited = self.publish_time.saturating_sub(memory.last_publish_time);
        if memory.last_price_e6 == 0 || waited <= 0 {
            return false;
        }
        let is_sudden = waited <= JUMP_WINDOW_S && self.is_far_from(memory.last_price_e6);
        let is_first_after_silence = waited > SILENCE_S;
        (is_sudden || is_first_after_silence) && !self.is_confirmed(memory)
    }

    fn is_confirmed(&self, memory: &Memory) -> bool {
        let waited = self.publish_time.saturating_sub(memory.pending_publish_time);
        memory.pending_price_e6 != 0
            && memory.pending_publish_time > memory.last_publish_time
            && (1..=SILENCE_S).contains(&waited)
            && !self.is_far_from(memory.pending_price_e6)
    }

    fn is_far_from(&self, reference_e6: u64) -> bool {
        u128::from(self.price_e6.abs_diff(reference_e6)) * JUMP_PARTS > u128::from(reference_e6)
    }
}

impl Memory {
    /// After a reading of grade `grade` was looked at: valid ones are kept, jumps wait.
    pub fn after(&self, reading: &Reading, grade: Grade) -> Self {
        match grade {
            Grade::Valid if reading.publish_time > self.last_publish_time => Self {
                last_price_e6: reading.price_e6,
                last_conf_e6: reading.conf_e6,
                last_publish_time: reading.publish_time,
                pending_price_e6: 0,
                pending_publish_time: 0,
            },
            Grade::Jumped if reading.publish_time > self.pending_publish_time => Self {
                pending_price_e6: reading.price_e6,
                pending_publish_time: reading.publish_time,
                ..*self
            },
            _ => *self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000;

    fn terms() -> Terms {
        Terms {
            conf_gate_e6: 5_000,
            age_grow_s: 5,
            age_reduce_s: 20,
            age_liquidate_s: 10,
            ..Terms::default()
        }
    }

    fn memory() -> Memory {
        Memory { last_price_e6: 100_000_000, last_publish_time: NOW - 3, ..Memory::default() }
    }

    fn reading(price_e6: u64, conf_e6: u64, publish_time: i64) -> Reading {
        Reading { price_e6, conf_e6, publish_time }
    }

    fn grade(reading: Reading, action: Action) -> Grade {
        reading.grade(&terms(), &memory(), action, NOW)
    }

    #[test]
    fn each_fault_has_its_grade_and_its_boundary() {
        assert_eq!(grade(reading(100_000_000, 500_000, NOW), Action::Grow), Grade::Valid);
        assert_eq!(grade(reading(100_000_000, 500_001, NOW), Action::Grow), Grade::Wide);
        assert_eq!(grade(reading(100_000_000, 0, NOW + 2), Action::Grow), Grade::Valid);
        assert_eq!(grade(reading(100_000_000, 0, NOW + 3), Action::Grow), Grade::Future);
        assert_eq!(grade(reading(0, 0, NOW), Action::Grow), Grade::NonPositive);
        assert_eq!(grade(reading(110_000_000, 0, NOW), Action::Grow), Grade::Valid);
        assert_eq!(grade(reading(110_000_001, 0, NOW), Action::Grow), Grade::Jumped);
    }

    #[test]
    fn the_first_publication_spans_the_order_or_follows_within_two_seconds() {
        assert!(!is_late(102, 102, 100));
        assert!(is_late(103, 101, 100));
        assert!(!is_late(103, 100, 100));
        assert!(!is_late(900, 100, 100));
    }

    #[test]
    fn age_depends_on_the_action() {
        let memory = Memory::default();
        let at =
            |age, action| reading(100_000_000, 0, NOW - age).grade(&terms(), &memory, action, NOW);

        assert_eq!(at(5, Action::Grow), Grade::Valid);
        assert_eq!(at(6, Action::Grow), Grade::Stale);
        assert_eq!(at(10, Action::Liquidate), Grade::Valid);
        assert_eq!(at(11, Action::Liquidate), Grade::Stale);
        assert_eq!(at(20, Action::Reduce), Grade::Valid);
        assert_eq!(at(21, Action::Reduce), Grade::Stale);
    }

    #[test]
    fn only_a_liquidation_counts_a_price_that_nobody_posts_and_only_after_a_silence() {
        let lapsed = |price_e6, age, grade, action| {
            reading(price_e6, 0, NOW - age).has_lapsed(grade, action, NOW)
        };

        assert!(lapsed(1, SILENCE_S + 1, Grade::Stale, Action::Liquidate));
        assert!(lapsed(1, SILENCE_S + 1, Grade::Jumped, Action::Liquidate));
        assert!(!lapsed(1, SILENCE_S, Grade::Stale, Action::Liquidate));
        assert!(!lapsed(0, SILENCE_S + 1, Grade::NonPositive, Action::Liquidate));
        assert!(!lapsed(1, SILENCE_S + 1, Grade::Wide, Action::Liquidate));
        for action in [Action::Grow, Action::Reduce, Action::Withdraw, Action::Fund] {
            assert!(!lapsed(1, SILENCE_S + 1, Grade::Stale, action));
        }
    }

    #[test]
    fn a_price_older_than_the_accepted_one_is_stale() {
        assert_eq!(grade(reading(100_000_000, 0, NOW - 4), Action::Reduce), Grade::Stale);
    }

    #[test]
    fn a_second_publication_confirms_a_jump() {
        let jump = reading(150_000_000, 0, NOW - 1);
        let waiting = memory().after(&jump, grade(jump, Action::Fund));
        let second = reading(149_000_000, 0, NOW);

        let found = second.grade(&terms(), &waiting, Action::Grow, NOW);
        let again = jump.grade(&terms(), &waiting, Action::Grow, NOW);

        assert_eq!(found, Grade::Valid);
        assert_eq!(again, Grade::Jumped);
        assert_eq!(waiting.after(&second, found).last_price_e6, 149_000_000);
        assert_eq!(waiting.after(&second, found).pending_price_e6, 0);
    }

    #[test]
    fn the_first_price_after_a_silence_only_refreshes() {
        let silent = Memory { last_publish_time: NOW - 62, ..memory() };
        let first = reading(100_000_000, 0, NOW - 1);
        let waiting = silent.after(&first, first.grade(&terms(), &silent, Action::Grow, NOW));

        assert_eq!(first.grade(&terms(), &silent, Action::Grow, NOW), Grade::Jumped);
        let second = reading(100_000_000, 0, NOW);
        assert_eq!(second.grade(&terms(), &waiting, Action::Grow, NOW), Grade::Valid);
    }

    #[test]
    fn mantissas_scale_down_for_the_price_and_up_for_the_confidence() {
        let scaled = reading_of(15_012_345_678, 4_999_999, -8, 7).unwrap();

        assert_eq!((scaled.price_e6, scaled.conf_e6), (150_123_456, 50_000));
        assert_eq!(reading_of(3, 0, 0, 7).unwrap().price_e6, 3_000_000);
        assert_eq!(reading_of(-3, 0, -8, 7).unwrap().price_e6, 0);
        assert_eq!(reading_of(3, 0, 1, 7), None);
        assert_eq!(reading_of(i64::MAX, 0, 0, 7), None);
    }
}
