//! Fees: what a fill pays beside its cost, and who receives it.

use crate::math::{mul_div_down, mul_div_up, narrow_unsigned, E6};

pub const INSURANCE_SHARE_E6: i128 = 100_000;
/// Seconds after which a market order's keeper would get nothing.
pub const REWARD_FADES_S: i64 = 60;

/// A fee and its receivers; the three parts sum to the fee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeeSplit {
    pub fee_e6: u64,
    pub insurance_e6: u64,
    pub keeper_e6: u64,
    pub pool_e6: u64,
}

/// Fee of a fill of signed `cost_e6`: up as a whole, the insurance part down.
pub fn fee_split(cost_e6: i64, rate_e6: u32, keeper_reward_e6: u64) -> Option<FeeSplit> {
    let fee = mul_div_up(i128::from(cost_e6).abs(), i128::from(rate_e6), E6)?;
    let insurance = mul_div_down(fee, INSURANCE_SHARE_E6, E6)?;
    let keeper = i128::from(keeper_reward_e6).min(fee - insurance);
    Some(FeeSplit {
        fee_e6: narrow_unsigned(fee)?,
        insurance_e6: narrow_unsigned(insurance)?,
        keeper_e6: narrow_unsigned(keeper)?,
        pool_e6: narrow_unsigned(fee - insurance - keeper)?,
    })
}

/// A market order's keeper reward, `waited_s` seconds after it was placed.
pub fn faded_reward_e6(reward_e6: u64, waited_s: i64) -> Option<u64> {
    let left = REWARD_FADES_S - waited_s.clamp(0, REWARD_FADES_S);
    narrow_unsigned(mul_div_down(
        i128::from(reward_e6),
        i128::from(left),
        i128::from(REWARD_FADES_S),
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_sum_to_the_fee() {
        let split = fee_split(15_008_022_500, 500, 100_000).unwrap();

        assert_eq!(split.fee_e6, 7_504_012);
        assert_eq!(split.insurance_e6, 750_401);
        assert_eq!(split.keeper_e6, 100_000);
        assert_eq!(split.insurance_e6 + split.keeper_e6 + split.pool_e6, split.fee_e6);
    }

    #[test]
    fn the_keeper_never_gets_more_than_the_fee_leaves() {
        let split = fee_split(-1_000, 500, 100_000).unwrap();

        assert_eq!((split.fee_e6, split.insurance_e6), (1, 0));
        assert_eq!((split.keeper_e6, split.pool_e6), (1, 0));
    }

    #[test]
    fn the_reward_fades_to_nothing_in_a_minute() {
        assert_eq!(faded_reward_e6(60_000, 0), Some(60_000));
        assert_eq!(faded_reward_e6(60_000, 30), Some(30_000));
        assert_eq!(faded_reward_e6(60_000, 61), Some(0));
        assert_eq!(faded_reward_e6(60_000, -5), Some(60_000));
    }
}
