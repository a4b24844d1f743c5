//! Adds a market at the next free index.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;
use crate::events::MarketInitialized;
use crate::ledger::Fits;
use crate::state::{Market, MarketParams, Pool, Security, VERSION};

#[derive(Accounts)]
#[instruction(index: u16)]
pub struct InitializeMarket<'info> {
    #[account(mut)]
    pub admin: Signer<'info>,
    #[account(seeds = [Security::SEED], bump = security.bump,
        has_one = admin @ QuantDeskError::Unauthorized)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(
        init, payer = admin, space = 8 + Market::INIT_SPACE,
        seeds = [Market::SEED, &index.to_le_bytes()], bump
    )]
    pub market: Box<Account<'info, Market>>,
    pub system_program: Program<'info, System>,
}

impl InitializeMarket<'_> {
    fn validate(&self, index: u16, params: &MarketParams) -> Result<()> {
        require!(
            index == self.pool.market_count && index != u16::MAX,
            QuantDeskError::InvalidParameter
        );
        let is_positive = params.skew_scale_e9 > 0
            && params.tick_e6 > 0
            && params.lot_e9 > 0
            && params.min_size_e9 > 0
            && params.age_grow_s > 0;
        require!(is_positive, QuantDeskError::InvalidParameter);
        let fractions = [
            params.spread_e6,
            params.impact_e6,
            params.taker_fee_e6,
            params.limit_fee_e6,
            params.funding_max_e6,
            params.conf_gate_e6,
            params.liquidation_fee_e6,
        ];
        require!(
            fractions.iter().all(|fraction| *fraction <= 1_000_000),
            QuantDeskError::InvalidParameter
        );
        // Larger sums would not fit into the funding products.
        require!(
            params.skew_scale_e9 <= 1 << 60 && params.oi_cap_e9 <= 1 << 60,
            QuantDeskError::InvalidParameter
        );
        Ok(())
    }

    #[access_control(ctx.accounts.validate(index, &params))]
    pub fn initialize_market(ctx: Context<Self>, index: u16, params: MarketParams) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let market = &mut accounts.market;
        market.version = VERSION;
        market.bump = ctx.bumps.market;
        market.index = index;
        market.funding_at = now;
        market.set_params(&params);
        let terms = market.terms();
        require!(terms.tiers_are_ordered(), QuantDeskError::InvalidParameter);
        require!(terms.liquidation_is_dear_enough().fits()?, QuantDeskError::LiquidationTooCheap);
        accounts.pool.market_count += 1;
        emit!(MarketInitialized {
            sequence: accounts.pool.next_sequence(),
            at: now,
            market: accounts.market.key(),
            market_index: index,
            symbol: params.symbol,
            oracle: params.oracle,
        });
        Ok(())
    }
}
