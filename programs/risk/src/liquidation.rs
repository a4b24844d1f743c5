//! Liquidation: how much of a position must close, and what the close costs its owner.
//!
//! What is taken never exceeds the equity left and never worsens the account's own ratio.

use crate::margin::Exposure;
use crate::math::{div_down, div_up, mul_div_down, mul_div_up, narrow_unsigned, E6, E9};

/// The close restores the initial requirement times this many hundredths.
pub const RESTORED_PERCENT: i128 = 105;
/// A position of less notional closes whole.
pub const DUST_E6: i128 = 100_000_000;

/// What the owner pays; the penalty's halves go to fund and liquidator, the impact to the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Penalty {
    pub insurance_e6: u64,
    pub liquidator_e6: u64,
    pub impact_e6: u64,
}

impl Penalty {
    pub fn penalty_e6(&self) -> Option<u64> {
        self.insurance_e6.checked_add(self.liquidator_e6)
    }
}

/// Share of the closed notional: the market's fee, at most half the maintenance fraction.
pub fn penalty_fraction_e6(exposure: &Exposure, liquidation_fee_e6: u32) -> Option<i128> {
    let half = div_down(exposure.maintenance_fraction_e6()?, 2)?;
    Some(i128::from(liquidation_fee_e6).min(half))
}

/// A requirement times 1.05, rounded up.
pub fn restored_e6(value_e6: i128) -> Option<i128> {
    mul_div_up(value_e6, RESTORED_PERCENT, 100)
}

/// Size to close, positive: restores initial × 1.05 over all markets after what it costs.
///
/// `impact_e6` is what closing the whole would owe the pool, whose share no smaller close passes;
/// `elsewhere_e6` the sum of `restored_e6` of the other markets' initial requirements,
/// `equity_e6` the account's maintenance equity.
pub fn close_size_e9(
    exposure: &Exposure,
    liquidation_fee_e6: u32,
    impact_e6: i64,
    elsewhere_e6: i128,
    equity_e6: i128,
) -> Option<u64> {
    let whole = exposure.size_e9.unsigned_abs();
    let notional = exposure.notional_e6()?;
    if notional < DUST_E6 {
        return Some(whole);
    }
    let target = restored_e6(exposure.initial_fraction_e6()?)?;
    let impact = mul_div_up(i128::from(impact_e6), E6, notional)?;
    let taken = penalty_fraction_e6(exposure, liquidation_fee_e6)?.checked_add(impact)?;
    let margin = target.checked_sub(taken)?;
    if margin <= 0 {
        return Some(whole);
    }
    let lacking = elsewhere_e6.checked_sub(equity_e6)?.checked_mul(E6)?;
    let need = notional.checked_mul(target)?.checked_add(lacking)?;
    let closed = div_up(need, margin)?;
    if closed >= notional {
        return Some(whole);
    }
    let size = mul_div_up(closed.max(0), E9, i128::from(exposure.price_e6))?;
    Some(narrow_unsigned(size)?.min(whole))
}

/// Share of a close in the account's equity: what may be taken without worsening its ratio.
pub fn releasable_e6(equity_e6: i128, before_e6: i128, after_e6: i128) -> Option<i128> {
    let released = before_e6.checked_sub(after_e6)?;
    Some(mul_div_down(equity_e6.max(0), released, before_e6)?.max(0))
}

/// Penalty of closing for `cost_e6`, and of `impact_e6` what `bound_e6` leaves after it.
pub fn penalty(fraction_e6: i128, cost_e6: i64, impact_e6: i64, bound_e6: i128) -> Option<Penalty> {
    let asked = mul_div_up(i128::from(cost_e6).abs(), fraction_e6, E6)?;
    let paid = asked.min(bound_e6);
    let insurance = div_up(paid, 2)?;
    let impact = i128::from(impact_e6).min(bound_e6.checked_sub(paid)?);
    Some(Penalty {
        insurance_e6: narrow_unsigned(insurance)?,
        liquidator_e6: narrow_unsigned(paid.checked_sub(insurance)?)?,
        impact_e6: narrow_unsigned(impact)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Tier;

    const FLAT_TIER: Tier =
        Tier { notional_cap_e6: u64::MAX, max_leverage: 20, imr_e6: 50_000, mmr_e6: 25_000 };
    const TIERS: [Tier; 4] = [FLAT_TIER; 4];

    fn long(size_e9: i64, price_e6: u64) -> Exposure<'static> {
        Exposure {
            tiers: &TIERS,
            size_e9,
            entry_e6: 9_004_813_500,
            leverage: 20,
            price_e6,
            conf_e6: 50_000,
            funding_owed_e6: 0,
        }
    }

    #[test]
    fn the_story_closes_49_499629235_of_60() {
        let size = close_size_e9(&long(60_000_000_000, 132_000_000), 10_000, 0, 0, 138_107_080);

        assert_eq!(size, Some(49_499_629_235));
    }

    #[test]
    fn an_impact_that_the_close_owes_makes_it_larger() {
        let held = long(60_000_000_000, 132_000_000);
        let closed = |impact_e6| close_size_e9(&held, 10_000, impact_e6, 0, 138_107_080);

        // 10 USD of 7,920 are 0.1263 %, so the margin of 4.25 % is 4.1237 %.
        assert_eq!(closed(10_000_000), Some(51_015_695_675));
        assert_eq!(closed(336_600_000), Some(60_000_000_000));
    }

    #[test]
    fn dust_and_the_hopeless_close_whole() {
        let dust = long(700_000_000, 132_000_000);
        let hopeless = long(60_000_000_000, 132_000_000);

        assert_eq!(close_size_e9(&dust, 10_000, 0, 0, 1_000_000), Some(700_000_000));
        assert_eq!(close_size_e9(&hopeless, 10_000, 0, 0, -5), Some(60_000_000_000));
    }

    #[test]
    fn the_penalty_is_shared_with_the_odd_unit_to_the_fund() {
        let bound = releasable_e6(138_107_080, 198_000_000, 34_651_224).unwrap();
        let shared = penalty(10_000, -6_533_951_059, 0, bound);

        let expected =
            Penalty { insurance_e6: 32_669_756, liquidator_e6: 32_669_755, impact_e6: 0 };
        assert_eq!(shared, Some(expected));
    }

    #[test]
    fn the_impact_is_paid_out_of_what_the_penalty_leaves() {
        let charged = |impact_e6, bound_e6| penalty(10_000, -1_000_000, impact_e6, bound_e6);
        let impact = |impact_e6, bound_e6| charged(impact_e6, bound_e6).unwrap().impact_e6;

        assert_eq!(impact(700, 20_000), 700);
        assert_eq!(impact(700, 10_400), 400);
        assert_eq!(impact(700, 9_000), 0);
        assert_eq!(charged(700, 9_000).unwrap().penalty_e6(), Some(9_000));
    }

    #[test]
    fn the_penalty_never_takes_more_than_is_left() {
        let charged = |equity_e6| {
            let bound = releasable_e6(equity_e6, 198_000_000, 0).unwrap();
            penalty(10_000, -6_533_951_059, 0, bound).unwrap()
        };
        let (left, nothing) = (charged(100), charged(-100));

        assert_eq!(left.penalty_e6(), Some(100));
        assert_eq!(nothing.penalty_e6(), Some(0));
    }
}
