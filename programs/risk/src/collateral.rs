//! Collateral besides USDC: what it counts for while it is new, and what it is sold for.
//!
//! Weights rise slowly and fall at once. A sale rounds against its buyer, and its discount is at
//! most what the weight leaves out, so that no sale lowers the equity of the seller.

use crate::closing::Elsewhere;
use crate::math::{div_up, mul_div_down, narrow_unsigned, E6};
use crate::oracle::{Action, Grade, Reading};

/// A raised weight is reached after so long.
pub const RAMP_S: i64 = 604_800;
/// Taken off the price when the owner agrees to the sale.
pub const AGREED_DISCOUNT_E6: i128 = 5_000;
/// Taken off the price when the sale is forced.
pub const FORCED_DISCOUNT_E6: i128 = 20_000;
/// Largest weight of a collateral: a forced sale pays at least what it counted for.
pub const WEIGHT_MAX_E6: u32 = 980_000;
/// Below this price US dollars are not taken in as dollars any more.
pub const PEG_FLOOR_E6: u64 = 980_000;

/// A stale price of collateral still tells that much about it when an account is liquidated.
pub const LAPSED_S: i64 = 604_800;
/// So many times its last price stale collateral counts then: whoever posts no newer price can
/// only make an account look better, and one token's dead feed keeps nobody from being liquidated.
pub const LAPSED_FACTOR: u64 = 2;

/// What `action` may value collateral at, given the grade of the newest reading; else nothing.
pub fn usable(reading: &Reading, grade: Grade, action: Action, now: i64) -> Option<Reading> {
    let age = now.saturating_sub(reading.publish_time);
    match (action, grade) {
        (_, Grade::Valid) | (Action::Liquidate, Grade::Wide) => Some(*reading),
        (Action::Liquidate, Grade::Stale) if age <= LAPSED_S => {
            let price_e6 = reading.price_e6.checked_mul(LAPSED_FACTOR)?;
            Some(Reading { price_e6, conf_e6: 0, ..*reading })
        }
        _ => None,
    }
}

/// A weight on its way from an earlier one; `started_at` 0 means that it has arrived.
pub fn ramped_e6(from_e6: u32, to_e6: u32, started_at: i64, now: i64) -> Option<u32> {
    if to_e6 <= from_e6 || started_at == 0 {
        return Some(to_e6);
    }
    let elapsed = now.checked_sub(started_at)?.clamp(0, RAMP_S);
    let risen = mul_div_down(i128::from(to_e6 - from_e6), i128::from(elapsed), i128::from(RAMP_S))?;
    from_e6.checked_add(u32::try_from(risen).ok()?)
}

/// What a sale is priced with: the low edge of the band, less a discount.
#[derive(Clone, Copy, Debug)]
pub struct Sale {
    pub decimals: u8,
    pub price_e6: u64,
    pub conf_e6: u64,
    pub discount_e6: i128,
}

impl Sale {
    /// USDC for `amount` native units, rounded up: against the buyer.
    pub fn proceeds_e6(&self, amount: u64) -> Option<u64> {
        let exact = i128::from(amount).checked_mul(self.rate()?)?;
        narrow_unsigned(div_up(exact, self.one()?)?)
    }

    /// The smallest amount that brings in `debt_e6`, which is positive; none at a price of zero.
    pub fn needed(&self, debt_e6: u64) -> Option<u64> {
        let short = i128::from(debt_e6).checked_sub(1)?;
        narrow_unsigned(mul_div_down(short, self.one()?, self.rate()?)?.checked_add(1)?)
    }

    fn rate(&self) -> Option<i128> {
        let low = i128::from(self.price_e6).checked_sub(i128::from(self.conf_e6))?.max(0);
        low.checked_mul(E6.checked_sub(self.discount_e6)?)
    }

    fn one(&self) -> Option<i128> {
        10i128.checked_pow(u32::from(self.decimals))?.checked_mul(E6)
    }
}

/// Whether anyone may sell collateral of an account with the cash `usdc_e6`, a debt: when it may be
/// liquidated, or owes more than the rest counts for to keep.
pub fn may_be_forced(held: &Elsewhere, usdc_e6: i64) -> Option<bool> {
    let cash = i128::from(usdc_e6);
    let standing = held.standing.with_cash(cash)?;
    Some(standing.is_liquidatable() || cash.checked_add(held.collateral_e6)? < 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::{collateral_e6, Standing};

    const SOL: Sale =
        Sale { decimals: 9, price_e6: 150_000_000, conf_e6: 50_000, discount_e6: 20_000 };

    #[test]
    fn a_weight_rises_in_a_week_and_falls_at_once() {
        let at = |now| ramped_e6(0, 800_000, 1_000, now);

        assert_eq!(at(999), Some(0));
        assert_eq!(at(1_000), Some(0));
        assert_eq!(at(1_000 + RAMP_S / 2), Some(400_000));
        assert_eq!(at(1_000 + RAMP_S - 1), Some(799_998));
        assert_eq!(at(1_000 + RAMP_S), Some(800_000));
        assert_eq!(at(i64::MAX), Some(800_000));
        assert_eq!(ramped_e6(800_000, 700_000, 1_000, 1_000), Some(700_000));
        assert_eq!(ramped_e6(0, 800_000, 0, 1_000), Some(800_000));
        assert_eq!(ramped_e6(300_000, 500_000, 1_000, 1_000 + RAMP_S / 4), Some(350_000));
    }

    #[test]
    fn the_buyer_pays_the_low_edge_less_the_discount_rounded_up() {
        assert_eq!(SOL.proceeds_e6(1_000_000_000), Some(146_951_000));
        assert_eq!(SOL.proceeds_e6(1), Some(1));
        assert_eq!(SOL.proceeds_e6(0), Some(0));
        let agreed = Sale { discount_e6: AGREED_DISCOUNT_E6, ..SOL };
        assert_eq!(agreed.proceeds_e6(1_000_000_000), Some(149_200_250));
        assert_eq!(Sale { conf_e6: 150_000_001, ..SOL }.proceeds_e6(1_000_000_000), Some(0));
    }

    #[test]
    fn what_is_needed_is_enough_and_one_unit_less_is_not() {
        for debt_e6 in [1, 2, 146_950_999, 146_951_000, 146_951_001, 999_999_999_999] {
            let needed = SOL.needed(debt_e6).unwrap();

            assert!(SOL.proceeds_e6(needed).unwrap() >= debt_e6);
            assert!(SOL.proceeds_e6(needed - 1).unwrap() < debt_e6);
        }
        assert_eq!(Sale { price_e6: 50_000, ..SOL }.needed(1), None);
    }

    #[test]
    fn no_sale_lowers_what_the_largest_weight_counts() {
        let (held, price, conf) = (7_000_000_011, 149_999_993, 50_003);
        let sale = Sale { price_e6: price, conf_e6: conf, ..SOL };
        let counted = |balance| collateral_e6(balance, 9, price, conf, WEIGHT_MAX_E6).unwrap();

        for sold in [1, 2, 6, 7, 1_000, 999_999_999, 3_333_333_333, held] {
            let paid = i128::from(sale.proceeds_e6(sold as u64).unwrap());
            assert!(paid + counted(held - sold) >= counted(held));
        }
    }

    #[test]
    fn a_liquidation_takes_a_wide_price_as_it_is_and_a_lapsed_one_doubled() {
        let reading = Reading { price_e6: 100, conf_e6: 9, publish_time: 50 };
        let found = |action, grade, now| usable(&reading, grade, action, now);
        let doubled = Some(Reading { price_e6: 200, conf_e6: 0, publish_time: 50 });

        assert_eq!(found(Action::Withdraw, Grade::Valid, 50), Some(reading));
        assert_eq!(found(Action::Withdraw, Grade::Wide, 50), None);
        assert_eq!(found(Action::Grow, Grade::Stale, 90), None);
        assert_eq!(found(Action::Liquidate, Grade::Wide, 50), Some(reading));
        assert_eq!(found(Action::Liquidate, Grade::Stale, 50 + LAPSED_S), doubled);
        assert_eq!(found(Action::Liquidate, Grade::Stale, 51 + LAPSED_S), None);
        assert_eq!(found(Action::Liquidate, Grade::NonPositive, 50), None);
        assert_eq!(found(Action::Liquidate, Grade::Future, 40), None);
    }

    #[test]
    fn a_debt_is_backed_up_to_what_the_rest_counts_for_and_not_a_unit_more() {
        let standing = Standing { maintenance_equity_e6: 900, ..Standing::default() };
        let held = Elsewhere { standing, collateral_e6: 900, ..Elsewhere::default() };
        let profit = Standing { maintenance_equity_e6: 5_000, ..standing };
        let winning = Elsewhere { standing: profit, ..held };
        let owing = Standing { maintenance_e6: 1, ..standing };

        assert_eq!(may_be_forced(&held, -900), Some(false));
        assert_eq!(may_be_forced(&held, -901), Some(true));
        assert_eq!(may_be_forced(&winning, -900), Some(false));
        assert_eq!(may_be_forced(&winning, -901), Some(true));
        assert_eq!(may_be_forced(&Elsewhere { standing: owing, ..held }, -900), Some(true));
    }
}
