//! One market: its settled terms, and the sums it keeps of its positions.

/// Requirements of a position up to a notional cap; fractions of the whole notional.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tier {
    pub notional_cap_e6: u64,
    pub max_leverage: u16,
    pub imr_e6: u32,
    pub mmr_e6: u32,
}

/// What does not change with a trade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    pub spread_e6: u32,
    pub impact_e6: u32,
    pub skew_scale_e9: u64,
    pub taker_fee_e6: u32,
    pub limit_fee_e6: u32,
    pub funding_max_e6: u32,
    pub conf_gate_e6: u32,
    pub conf_weight_e6: u32,
    pub age_grow_s: u16,
    pub age_reduce_s: u16,
    pub age_liquidate_s: u16,
    pub oi_cap_e9: u64,
    pub account_cap_e9: u64,
    pub liquidation_fee_e6: u32,
    pub tiers: [Tier; 4],
}

impl Terms {
    /// Whether the liquidation fee is at least the spread and the largest impact.
    ///
    /// What is taken is at most half of the tier's maintenance rate, and then the impact itself.
    pub fn liquidation_is_dear_enough(&self) -> Option<bool> {
        let scale = i128::from(self.skew_scale_e9);
        let dearest =
            crate::math::mul_div_up(i128::from(self.impact_e6), i128::from(self.oi_cap_e9), scale)?;
        Some(i128::from(self.liquidation_fee_e6) >= i128::from(self.spread_e6) + dearest)
    }

    /// Whether caps and requirements grow from tier to tier and stay inside their ranges.
    pub fn tiers_are_ordered(&self) -> bool {
        let grows = self.tiers.windows(2).all(|pair| {
            pair[0].notional_cap_e6 <= pair[1].notional_cap_e6
                && pair[0].imr_e6 <= pair[1].imr_e6
                && pair[0].mmr_e6 <= pair[1].mmr_e6
        });
        let sane = self.tiers.iter().all(|tier| {
            tier.mmr_e6 > 0
                && tier.mmr_e6 < tier.imr_e6
                && tier.imr_e6 <= 1_000_000
                && tier.max_leverage > 0
                && tier.max_leverage <= 100
        });
        grows && sane
    }
}

/// What every trade moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub long_e9: u64,
    pub short_e9: u64,
    pub entry_sum_e6: i64,
    /// USD e12 per base.
    pub funding_index: i128,
    pub funding_snapshot_sum: i128,
    pub funding_at: i64,
    pub pool_value_e6: i64,
    pub reserve_e6: u64,
}

impl Sums {
    /// Long minus short; the pool holds the opposite.
    pub fn skew_e9(&self) -> i128 {
        i128::from(self.long_e9) - i128::from(self.short_e9)
    }
}
