//! Claims: profit that the pool owes, paid pro rata by an index when cash returns.
//!
//! The index counts full payments in whole units of `ONE` and the paid share of the present claims
//! in the rest. What stays owed rounds up and what is paid down, so the pot is never overdrawn.

use crate::math::narrow_unsigned;

/// One whole claim, and the unit of the index.
pub const ONE: u128 = 1_000_000_000_000;
/// While anything is owed the unpaid share stays at least this: a smaller one could not tell how
/// much of a claim is left.
pub const UNPAID_MIN: u128 = 1_000_000;

/// What one account is owed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Owed by the pool as of `mark_e12`.
    pub held_e6: u64,
    /// Already in the pot for this account.
    pub due_e6: u64,
    /// The index when `held_e6` was last brought up to date.
    pub mark_e12: u128,
}

impl Claim {
    /// The same claim at `index_e12`: what was paid since the mark has become due.
    pub fn marked(&self, index_e12: u128) -> Option<Self> {
        let kept = if epoch(index_e12) == epoch(self.mark_e12) {
            let scaled = u128::from(self.held_e6).checked_mul(unpaid(index_e12))?;
            u64::try_from(scaled.div_ceil(unpaid(self.mark_e12))).ok()?
        } else {
            0
        };
        let paid = self.held_e6.checked_sub(kept)?;
        let due_e6 = self.due_e6.checked_add(paid)?;
        Some(Self { held_e6: kept, due_e6, mark_e12: index_e12 })
    }
}

/// The index after `paid_e6` of `claims_e6` went into the pot.
pub fn index_after(index_e12: u128, claims_e6: u64, paid_e6: u64) -> Option<u128> {
    let left = claims_e6.checked_sub(paid_e6)?;
    let next_epoch = epoch(index_e12).checked_add(1)?.checked_mul(ONE)?;
    if left == 0 {
        return Some(next_epoch);
    }
    let scaled = unpaid(index_e12).checked_mul(u128::from(left))?;
    next_epoch.checked_sub(scaled.div_ceil(u128::from(claims_e6)))
}

/// What the pool can put into the pot now: all that is owed, or as much as the index can tell.
///
/// A part leaves the unpaid share at `UNPAID_MIN` or above, and has no unit that moves no claim: it
/// is the least payment that brings the index where it then stands.
pub fn payable_e6(index_e12: u128, cash_e6: i64, claims_e6: u64) -> Option<u64> {
    let most = narrow_unsigned(i128::from(cash_e6.max(0)))?.min(claims_e6);
    if most == claims_e6 {
        return Some(most);
    }
    let (owed, share) = (u128::from(claims_e6), unpaid(index_e12));
    let least = owed.checked_mul(UNPAID_MIN)?.div_ceil(share);
    let left = u128::from(claims_e6 - most).max(least).min(owed);
    let share_after = share.checked_mul(left)?.div_ceil(owed);
    let told = u64::try_from(owed.checked_mul(share_after)? / share).ok()?;
    claims_e6.checked_sub(told)
}

fn epoch(index_e12: u128) -> u128 {
    index_e12 / ONE
}

fn unpaid(index_e12: u128) -> u128 {
    ONE - index_e12 % ONE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(held_e6: u64, mark_e12: u128) -> Claim {
        Claim { held_e6, due_e6: 0, mark_e12 }
    }

    #[test]
    fn two_payments_are_shared_in_proportion_whenever_they_are_fetched() {
        let first = index_after(0, 400, 200).unwrap();
        let second = index_after(first, 200, 100).unwrap();

        let patient = claim(200, 0).marked(second).unwrap();
        let eager = claim(200, 0).marked(first).unwrap().marked(second).unwrap();

        assert_eq!((patient.held_e6, patient.due_e6), (50, 150));
        assert_eq!(eager, patient);
    }

    #[test]
    fn a_later_claim_has_no_part_in_earlier_payments() {
        let index = index_after(0, 100, 50).unwrap();
        let later = claim(100, index);

        assert_eq!(later.marked(index).unwrap().due_e6, 0);
        let next = index_after(index, 150, 75).unwrap();
        assert_eq!(later.marked(next).unwrap().due_e6, 50);
    }

    #[test]
    fn a_full_payment_ends_the_epoch() {
        let partly = index_after(0, 7, 3).unwrap();
        let whole = index_after(partly, 4, 4).unwrap();

        assert_eq!(whole, ONE);
        assert_eq!(claim(5, 0).marked(whole).unwrap().due_e6, 5);
        assert_eq!(claim(9, whole).marked(whole).unwrap().held_e6, 9);
    }

    #[test]
    fn rounding_never_hands_out_more_than_went_into_the_pot() {
        let index = index_after(0, 10, 7).unwrap();
        let due = |held| claim(held, 0).marked(index).unwrap().due_e6;

        assert!(due(3) + due(3) + due(4) <= 7);
    }

    #[test]
    fn the_pool_pays_no_more_than_it_has_and_owes() {
        assert_eq!(payable_e6(0, -5, 10), Some(0));
        assert_eq!(payable_e6(0, 5, 10), Some(5));
        assert_eq!(payable_e6(0, 50, 10), Some(10));
        assert_eq!(payable_e6(0, 50, 0), Some(0));
    }

    #[test]
    fn a_part_never_brings_the_unpaid_share_below_its_least() {
        let owed = 10_000_000_000;
        let paid = payable_e6(0, 9_999_999_999, owed).unwrap();
        let index = index_after(0, owed, paid).unwrap();

        assert_eq!((paid, unpaid(index)), (9_999_990_000, UNPAID_MIN));
        assert_eq!(payable_e6(index, 9_999, 10_000), Some(0));
        assert_eq!(payable_e6(index, 10_000, 10_000), Some(10_000));
        assert_eq!(payable_e6(ONE - 1, 7, 8), Some(0));
    }

    #[test]
    fn what_would_move_no_claim_waits_until_it_does() {
        let index = ONE - 2 * UNPAID_MIN;
        let owed = 2_000_000_000_000;

        assert_eq!(payable_e6(index, 999_999, owed), Some(0));
        assert_eq!(payable_e6(index, 1_999_999, owed), Some(1_000_000));
        let after = index_after(index, owed, 1_000_000).unwrap();
        assert_eq!(claim(owed, index).marked(after).unwrap().due_e6, 1_000_000);
    }
}
