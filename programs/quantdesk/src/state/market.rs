//! One perpetual market: its rules, its open interest, and the last price it accepted.

use anchor_lang::prelude::*;
use risk::funding::{index_at, rate_e6};
use risk::oracle::{Action, Grade, Memory, Reading};

use crate::errors::QuantDeskError;
use crate::events::FundingAccrued;
use crate::ledger::Fits;

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, InitSpace)]
pub struct Tier {
    /// The tier holds up to this notional; the last one is open.
    pub notional_cap_e6: u64,
    pub max_leverage: u16,
    pub imr_e6: u32,
    pub mmr_e6: u32,
}

#[account]
#[derive(InitSpace)]
pub struct Market {
    pub version: u8,
    pub bump: u8,
    pub index: u16,
    pub symbol: [u8; 16],
    /// 0 active, 1 reduce only, 2 paused.
    pub status: u8,
    pub oracle: Pubkey,
    pub oracle_owner: Pubkey,
    pub feed_id: [u8; 32],
    pub spread_e6: u32,
    pub impact_e6: u32,
    pub skew_scale_e9: u64,
    pub taker_fee_e6: u32,
    pub limit_fee_e6: u32,
    /// Highest funding rate per hour.
    pub funding_max_e6: u32,
    pub conf_gate_e6: u32,
    pub conf_weight_e6: u32,
    pub age_grow_s: u16,
    pub age_reduce_s: u16,
    pub age_liquidate_s: u16,
    /// Open interest cap per side.
    pub oi_cap_e9: u64,
    /// Largest position of one account.
    pub account_cap_e9: u64,
    pub liquidation_fee_e6: u32,
    pub tick_e6: u64,
    pub lot_e9: u64,
    pub min_size_e9: u64,
    pub tiers: [Tier; 4],
    pub long_e9: u64,
    pub short_e9: u64,
    /// Sum of every position's entry.
    pub entry_sum_e6: i64,
    /// USD e12 per base.
    pub funding_index: i128,
    /// Sum of size times the index at each position's last settlement.
    pub funding_snapshot_sum: i128,
    pub funding_at: i64,
    pub last_price_e6: u64,
    pub last_conf_e6: u64,
    pub last_publish_time: i64,
    /// A price that waits for a second publication; 0 when none does.
    pub pending_price_e6: u64,
    pub pending_publish_time: i64,
    /// What the open positions are worth to the pool at the last price.
    pub pool_value_e6: i64,
    pub reserve_e6: u64,
    pub sequence: u64,
    pub reserved: [u8; 256],
}

impl Market {
    pub const SEED: &'static [u8] = b"market";
    pub const ACTIVE: u8 = 0;
    pub const REDUCE_ONLY: u8 = 1;
    pub const PAUSED: u8 = 2;
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, InitSpace)]
pub struct MarketParams {
    pub symbol: [u8; 16],
    pub oracle: Pubkey,
    pub oracle_owner: Pubkey,
    pub feed_id: [u8; 32],
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
    pub tick_e6: u64,
    pub lot_e9: u64,
    pub min_size_e9: u64,
    pub tiers: [Tier; 4],
}

impl From<&Tier> for risk::market::Tier {
    fn from(tier: &Tier) -> Self {
        Self {
            notional_cap_e6: tier.notional_cap_e6,
            max_leverage: tier.max_leverage,
            imr_e6: tier.imr_e6,
            mmr_e6: tier.mmr_e6,
        }
    }
}

impl Market {
    pub fn set_params(&mut self, params: &MarketParams) {
        self.symbol = params.symbol;
        self.oracle = params.oracle;
        self.oracle_owner = params.oracle_owner;
        self.feed_id = params.feed_id;
        self.spread_e6 = params.spread_e6;
        self.impact_e6 = params.impact_e6;
        self.skew_scale_e9 = params.skew_scale_e9;
        self.taker_fee_e6 = params.taker_fee_e6;
        self.limit_fee_e6 = params.limit_fee_e6;
        self.funding_max_e6 = params.funding_max_e6;
        self.conf_gate_e6 = params.conf_gate_e6;
        self.conf_weight_e6 = params.conf_weight_e6;
        self.age_grow_s = params.age_grow_s;
        self.age_reduce_s = params.age_reduce_s;
        self.age_liquidate_s = params.age_liquidate_s;
        self.oi_cap_e9 = params.oi_cap_e9;
        self.account_cap_e9 = params.account_cap_e9;
        self.liquidation_fee_e6 = params.liquidation_fee_e6;
        self.tick_e6 = params.tick_e6;
        self.lot_e9 = params.lot_e9;
        self.min_size_e9 = params.min_size_e9;
        self.tiers = params.tiers;
    }

    /// Tiers grow, and the liquidation fee is not under spread and largest impact.
    pub fn validate_terms(&self) -> Result<()> {
        let terms = self.terms();
        require!(terms.tiers_are_ordered(), QuantDeskError::InvalidParameter);
        require!(terms.liquidation_is_dear_enough().fits()?, QuantDeskError::LiquidationTooCheap);
        Ok(())
    }

    /// The next price of another oracle is the first one.
    pub fn forget_prices(&mut self) {
        self.last_publish_time = 0;
        self.pending_price_e6 = 0;
        self.pending_publish_time = 0;
    }

    pub fn terms(&self) -> risk::market::Terms {
        risk::market::Terms {
            spread_e6: self.spread_e6,
            impact_e6: self.impact_e6,
            skew_scale_e9: self.skew_scale_e9,
            taker_fee_e6: self.taker_fee_e6,
            limit_fee_e6: self.limit_fee_e6,
            funding_max_e6: self.funding_max_e6,
            conf_gate_e6: self.conf_gate_e6,
            conf_weight_e6: self.conf_weight_e6,
            age_grow_s: self.age_grow_s,
            age_reduce_s: self.age_reduce_s,
            age_liquidate_s: self.age_liquidate_s,
            oi_cap_e9: self.oi_cap_e9,
            account_cap_e9: self.account_cap_e9,
            liquidation_fee_e6: self.liquidation_fee_e6,
            tiers: std::array::from_fn(|place| (&self.tiers[place]).into()),
        }
    }

    pub fn sums(&self) -> risk::market::Sums {
        risk::market::Sums {
            long_e9: self.long_e9,
            short_e9: self.short_e9,
            entry_sum_e6: self.entry_sum_e6,
            funding_index: self.funding_index,
            funding_snapshot_sum: self.funding_snapshot_sum,
            funding_at: self.funding_at,
            pool_value_e6: self.pool_value_e6,
            reserve_e6: self.reserve_e6,
        }
    }

    pub fn set_sums(&mut self, sums: &risk::market::Sums) {
        self.long_e9 = sums.long_e9;
        self.short_e9 = sums.short_e9;
        self.entry_sum_e6 = sums.entry_sum_e6;
        self.funding_index = sums.funding_index;
        self.funding_snapshot_sum = sums.funding_snapshot_sum;
        self.funding_at = sums.funding_at;
        self.pool_value_e6 = sums.pool_value_e6;
        self.reserve_e6 = sums.reserve_e6;
    }

    pub fn memory(&self) -> Memory {
        Memory {
            last_price_e6: self.last_price_e6,
            last_conf_e6: self.last_conf_e6,
            last_publish_time: self.last_publish_time,
            pending_price_e6: self.pending_price_e6,
            pending_publish_time: self.pending_publish_time,
        }
    }

    /// From when an order of unix second `now` waits: a feed may be ahead of the clock, and what
    /// the market has accepted fills no later order.
    pub fn waits_from(&self, now: i64) -> i64 {
        now.max(self.last_publish_time)
    }

    /// Keeps a valid reading as the last one, or a jumped one as pending.
    pub fn remember(&mut self, reading: &Reading, grade: Grade) {
        let memory = self.memory().after(reading, grade);
        self.last_price_e6 = memory.last_price_e6;
        self.last_conf_e6 = memory.last_conf_e6;
        self.last_publish_time = memory.last_publish_time;
        self.pending_price_e6 = memory.pending_price_e6;
        self.pending_publish_time = memory.pending_publish_time;
    }

    /// The price at which elapsed time is credited: a valid reading's, else the last valid one.
    pub fn funding_price_e6(&self, reading: &Reading, now: i64) -> u64 {
        match reading.grade(&self.terms(), &self.memory(), Action::Fund, now) {
            Grade::Valid => reading.price_e6,
            _ => self.last_price_e6,
        }
    }

    /// The sums with the funding index brought to `now`.
    pub fn accrued(&self, reading: &Reading, now: i64) -> Result<risk::market::Sums> {
        let sums = self.sums();
        let price_e6 = self.funding_price_e6(reading, now);
        Ok(risk::market::Sums {
            funding_index: index_at(&self.terms(), &sums, price_e6, now).fits()?,
            funding_at: now.max(sums.funding_at),
            ..sums
        })
    }

    /// The event that tells where the funding index stands.
    pub fn funding_accrued(&mut self, price_e6: u64, now: i64) -> Result<FundingAccrued> {
        let sums = self.sums();
        Ok(FundingAccrued {
            sequence: self.next_sequence(),
            at: now,
            market_index: self.index,
            rate_e6: rate_e6(&self.terms(), sums.skew_e9()).fits()?,
            index_after: sums.funding_index,
            oracle_price_e6: price_e6,
            long_e9: sums.long_e9,
            short_e9: sums.short_e9,
        })
    }

    pub fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}

impl MarketParams {
    /// Every number inside its range; the terms as a whole are judged by the market.
    pub fn validate(&self) -> Result<()> {
        let is_positive = self.skew_scale_e9 > 0
            && self.tick_e6 > 0
            && self.lot_e9 > 0
            && self.min_size_e9 > 0
            && self.age_grow_s > 0;
        require!(is_positive, QuantDeskError::InvalidParameter);
        let fractions = [
            self.spread_e6,
            self.impact_e6,
            self.taker_fee_e6,
            self.limit_fee_e6,
            self.funding_max_e6,
            self.conf_gate_e6,
            self.liquidation_fee_e6,
        ];
        require!(
            fractions.iter().all(|fraction| *fraction <= 1_000_000),
            QuantDeskError::InvalidParameter
        );
        // Larger sums would not fit into the funding products.
        require!(
            self.skew_scale_e9 <= 1 << 60 && self.oi_cap_e9 <= 1 << 60,
            QuantDeskError::InvalidParameter
        );
        Ok(())
    }
}
