//! Margin: what an account is worth and what its positions demand, to open and to keep.
//!
//! Requirements round up and equity down. To open, profit counts for nothing and losses are taken
//! at the adverse edge of the price's confidence.

use crate::market::Tier;
use crate::math::{div_up, mul_div_down, mul_div_up, E6, E9};
use crate::position::unrealized_pnl_e6;

/// A tier above this leverage is open only while the confidence is narrow.
pub const GATED_LEVERAGE: u16 = 50;
/// Narrow: five confidences fit into the maintenance fraction of the price.
pub const CONFIDENCE_PARTS: i128 = 5;

/// At a price that nobody posts any more a position counts better by one such part of its
/// notional: a missing price can only flatter, and whoever wants a strict one posts it.
pub const LAPSED_PARTS: i128 = 4;

/// A position valued at a price.
#[derive(Clone, Copy, Debug)]
pub struct Exposure<'a> {
    pub tiers: &'a [Tier; 4],
    pub size_e9: i64,
    pub entry_e6: i64,
    pub leverage: u16,
    pub price_e6: u64,
    pub conf_e6: u64,
    pub funding_owed_e6: i64,
}

impl<'a> Exposure<'a> {
    /// Value of the size, positive, rounded up.
    pub fn notional_e6(&self) -> Option<i128> {
        mul_div_up(i128::from(self.size_e9).abs(), i128::from(self.price_e6), E9)
    }

    /// Unrealised profit at the price, rounded down.
    pub fn pnl_e6(&self) -> Option<i128> {
        unrealized_pnl_e6(self.size_e9, self.entry_e6, i128::from(self.price_e6))
    }

    /// The same where nobody posts the price any more: a quarter of the notional better.
    pub fn lapsed_pnl_e6(&self) -> Option<i128> {
        let parts = LAPSED_PARTS + i128::from(self.size_e9.signum());
        let price = i128::from(self.price_e6).checked_mul(parts)?;
        let value = mul_div_down(i128::from(self.size_e9), price, E9 * LAPSED_PARTS)?;
        value.checked_sub(i128::from(self.entry_e6))
    }

    /// Unrealised loss at the adverse edge of the band; a profit counts as zero.
    pub fn adverse_pnl_e6(&self) -> Option<i128> {
        let band = i128::from(self.conf_e6);
        let edge = if self.size_e9 > 0 { -band } else { band };
        let price = i128::from(self.price_e6).checked_add(edge)?;
        Some(unrealized_pnl_e6(self.size_e9, self.entry_e6, price)?.min(0))
    }

    /// Initial requirement as a fraction: the tier's or the leverage cap's, the larger.
    pub fn initial_fraction_e6(&self) -> Option<i128> {
        self.initial_fraction_of(self.notional_e6()?)
    }

    /// Maintenance requirement as a fraction, by tier alone.
    pub fn maintenance_fraction_e6(&self) -> Option<i128> {
        Some(self.maintenance_fraction_of(self.notional_e6()?))
    }

    /// Equity needed to open or extend, rounded up.
    pub fn initial_e6(&self) -> Option<i128> {
        self.initial_of(self.notional_e6()?)
    }

    /// Equity below which the position may be liquidated, rounded up.
    pub fn maintenance_e6(&self) -> Option<i128> {
        self.maintenance_of(self.notional_e6()?)
    }

    fn initial_of(&self, notional_e6: i128) -> Option<i128> {
        mul_div_up(notional_e6, self.initial_fraction_of(notional_e6)?, E6)
    }

    fn maintenance_of(&self, notional_e6: i128) -> Option<i128> {
        mul_div_up(notional_e6, self.maintenance_fraction_of(notional_e6), E6)
    }

    fn initial_fraction_of(&self, notional_e6: i128) -> Option<i128> {
        let index = self.tier_index(notional_e6);
        let mut tier = &self.tiers[index];
        if tier.max_leverage > GATED_LEVERAGE && !self.is_narrow(tier)? {
            tier = &self.tiers[(index + 1).min(self.tiers.len() - 1)];
        }
        let by_leverage = div_up(E6, i128::from(self.leverage.max(1)))?;
        Some(i128::from(tier.imr_e6).max(by_leverage))
    }

    fn maintenance_fraction_of(&self, notional_e6: i128) -> i128 {
        i128::from(self.tiers[self.tier_index(notional_e6)].mmr_e6)
    }

    fn tier_index(&self, notional_e6: i128) -> usize {
        let fits = |tier: &Tier| notional_e6 <= i128::from(tier.notional_cap_e6);
        self.tiers.iter().position(fits).unwrap_or(self.tiers.len() - 1)
    }

    fn is_narrow(&self, tier: &Tier) -> Option<bool> {
        let band = i128::from(self.conf_e6).checked_mul(CONFIDENCE_PARTS * E6)?;
        Some(band < i128::from(tier.mmr_e6).checked_mul(i128::from(self.price_e6))?)
    }
}

/// An account's equity beside its requirement, for opening and for keeping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub initial_equity_e6: i128,
    pub initial_e6: i128,
    pub maintenance_equity_e6: i128,
    pub maintenance_e6: i128,
    /// Value of all positions, positive.
    pub notional_e6: i128,
    /// Profit of all positions at the price, less funding owed.
    pub open_pnl_e6: i128,
}

impl Standing {
    /// An account that holds `usdc_e6` and nothing else.
    pub fn of_cash(usdc_e6: i64) -> Self {
        Self {
            initial_equity_e6: i128::from(usdc_e6),
            maintenance_equity_e6: i128::from(usdc_e6),
            ..Self::default()
        }
    }

    /// With one more position.
    pub fn with(&self, exposure: &Exposure) -> Option<Self> {
        let owed = i128::from(exposure.funding_owed_e6);
        let pnl = exposure.pnl_e6()? - owed;
        let notional = exposure.notional_e6()?;
        let add = |sum: i128, part: i128| sum.checked_add(part);
        Some(Self {
            initial_equity_e6: add(self.initial_equity_e6, exposure.adverse_pnl_e6()? - owed)?,
            initial_e6: add(self.initial_e6, exposure.initial_of(notional)?)?,
            maintenance_equity_e6: add(self.maintenance_equity_e6, pnl)?,
            maintenance_e6: add(self.maintenance_e6, exposure.maintenance_of(notional)?)?,
            notional_e6: add(self.notional_e6, notional)?,
            open_pnl_e6: add(self.open_pnl_e6, pnl)?,
        })
    }

    /// With one more position whose price nobody posts any more: it counts better than that price
    /// and asks for nothing.
    pub fn with_lapsed(&self, exposure: &Exposure) -> Option<Self> {
        let owed = i128::from(exposure.funding_owed_e6);
        let pnl = exposure.lapsed_pnl_e6()?.checked_sub(owed)?;
        let loss = exposure.adverse_pnl_e6()?.checked_sub(owed)?;
        Some(Self {
            initial_equity_e6: self.initial_equity_e6.checked_add(loss)?,
            maintenance_equity_e6: self.maintenance_equity_e6.checked_add(pnl)?,
            notional_e6: self.notional_e6.checked_add(exposure.notional_e6()?)?,
            open_pnl_e6: self.open_pnl_e6.checked_add(pnl)?,
            ..*self
        })
    }

    /// With USD e6 of other collateral, counted to open and to keep.
    pub fn with_collateral(&self, initial_e6: i128, maintenance_e6: i128) -> Option<Self> {
        Some(Self {
            initial_equity_e6: self.initial_equity_e6.checked_add(initial_e6)?,
            maintenance_equity_e6: self.maintenance_equity_e6.checked_add(maintenance_e6)?,
            ..*self
        })
    }

    /// With another amount of cash, signed.
    pub fn with_cash(&self, usdc_e6: i128) -> Option<Self> {
        self.with_collateral(usdc_e6, usdc_e6)
    }

    pub fn covers_initial(&self) -> bool {
        self.initial_equity_e6 >= self.initial_e6
    }

    pub fn is_liquidatable(&self) -> bool {
        self.maintenance_equity_e6 < self.maintenance_e6
    }

    /// Equity ÷ maintenance, rounded down, within u32; 0 when nothing is open.
    pub fn health_e6(&self) -> Option<u32> {
        if self.maintenance_e6 == 0 {
            return Some(0);
        }
        let ratio = mul_div_down(self.maintenance_equity_e6, E6, self.maintenance_e6)?;
        u32::try_from(ratio.clamp(0, i128::from(u32::MAX))).ok()
    }
}

/// USD e6 of `balance` native units at the low edge of the band, weighted, rounded down.
pub fn collateral_e6(
    balance: i64,
    decimals: u8,
    price_e6: u64,
    conf_e6: u64,
    weight_e6: u32,
) -> Option<i128> {
    let low = i128::from(price_e6).saturating_sub(i128::from(conf_e6)).max(0);
    let one = 10i128.checked_pow(u32::from(decimals))?.checked_mul(E6)?;
    let weighted = low.checked_mul(i128::from(weight_e6))?;
    mul_div_down(i128::from(balance), weighted, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub const TIERS: [Tier; 4] = [
        tier(10_000_000_000, 100, 10_000, 5_000),
        tier(100_000_000_000, 50, 20_000, 10_000),
        tier(1_000_000_000_000, 20, 50_000, 25_000),
        tier(u64::MAX, 10, 100_000, 50_000),
    ];

    const fn tier(notional_cap_e6: u64, max_leverage: u16, imr_e6: u32, mmr_e6: u32) -> Tier {
        Tier { notional_cap_e6, max_leverage, imr_e6, mmr_e6 }
    }

    fn long(size_e9: i64, leverage: u16, conf_e6: u64) -> Exposure<'static> {
        Exposure {
            tiers: &TIERS,
            size_e9,
            entry_e6: 1_500_000_000,
            leverage,
            price_e6: 150_000_000,
            conf_e6,
            funding_owed_e6: 0,
        }
    }

    #[test]
    fn the_account_s_leverage_and_the_tier_both_bind() {
        assert_eq!(long(10_000_000_000, 20, 0).initial_fraction_e6(), Some(50_000));
        assert_eq!(long(10_000_000_000, 100, 0).initial_fraction_e6(), Some(10_000));
        assert_eq!(long(100_000_000_000, 100, 0).initial_fraction_e6(), Some(20_000));
        assert_eq!(long(10_000_000_000, 3, 0).initial_fraction_e6(), Some(333_334));
    }

    #[test]
    fn the_highest_leverage_needs_a_narrow_band() {
        let at_the_gate = 150_000;

        assert_eq!(long(10_000_000_000, 100, at_the_gate).initial_fraction_e6(), Some(20_000));
        assert_eq!(long(10_000_000_000, 100, at_the_gate - 1).initial_fraction_e6(), Some(10_000));
        assert_eq!(long(10_000_000_000, 100, at_the_gate).maintenance_fraction_e6(), Some(5_000));
    }

    #[test]
    fn profit_is_not_collateral_and_losses_are_taken_at_the_edge() {
        let profit = Exposure { entry_e6: 1_000_000_000, ..long(10_000_000_000, 20, 1_000_000) };

        assert_eq!(profit.adverse_pnl_e6(), Some(0));
        assert_eq!(long(10_000_000_000, 20, 1_000_000).adverse_pnl_e6(), Some(-10_000_000));
    }

    #[test]
    fn a_price_that_nobody_posts_flatters_by_a_quarter_and_asks_for_nothing() {
        let owing = Exposure { funding_owed_e6: 7, ..long(10_000_000_000, 20, 1_000_000) };
        let short = Exposure { size_e9: -3, entry_e6: -1, price_e6: 333_333_334, ..owing };
        let standing = Standing::of_cash(100).with_lapsed(&owing).unwrap();

        assert_eq!(owing.lapsed_pnl_e6(), Some(375_000_000));
        // -3 of 250,000,000.5 is -0.75 units, and the entry gives one back.
        assert_eq!(short.lapsed_pnl_e6(), Some(0));
        assert_eq!((standing.initial_e6, standing.maintenance_e6), (0, 0));
        assert_eq!(standing.maintenance_equity_e6, 100 + 375_000_000 - 7);
        assert_eq!(standing.open_pnl_e6, 375_000_000 - 7);
        assert_eq!(standing.initial_equity_e6, 100 - 10_000_000 - 7);
        assert_eq!(standing.notional_e6, 1_500_000_000);
    }

    #[test]
    fn exactly_enough_covers_and_one_less_does_not() {
        let exposure = long(10_000_000_000, 20, 0);

        assert!(Standing::of_cash(75_000_000).with(&exposure).unwrap().covers_initial());
        assert!(!Standing::of_cash(74_999_999).with(&exposure).unwrap().covers_initial());
        assert!(!Standing::of_cash(7_500_000).with(&exposure).unwrap().is_liquidatable());
        assert!(Standing::of_cash(7_499_999).with(&exposure).unwrap().is_liquidatable());
    }

    #[test]
    fn collateral_counts_the_low_edge_weighted() {
        let value = collateral_e6(2_000_000_000, 9, 150_000_000, 1_000_000, 800_000);

        assert_eq!(value, Some(238_400_000));
        assert_eq!(collateral_e6(1, 9, 1, 5, 800_000), Some(0));
    }
}
