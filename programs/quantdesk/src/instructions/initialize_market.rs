//! Adds a market at the next free index; once there is money it starts paused.
//!
//! A new market brings a new oracle, and whoever chooses an oracle can empty the pool. So it opens
//! by a timelocked change, except at genesis, when there is nothing to take.

use anchor_lang::prelude::*;

use crate::admin::refuse_durable_nonce;
use crate::errors::QuantDeskError;
use crate::events::MarketInitialized;
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
    /// CHECK: the instructions of this transaction, by the address of the sysvar.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
}

impl InitializeMarket<'_> {
    fn validate(&self, index: u16, params: &MarketParams) -> Result<()> {
        refuse_durable_nonce(&self.instructions)?;
        require!(
            index == self.pool.market_count && index != u16::MAX,
            QuantDeskError::InvalidParameter
        );
        params.validate()
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
        market.status = if accounts.pool.holds_money() { Market::PAUSED } else { Market::ACTIVE };
        market.set_params(&params);
        market.validate_terms()?;
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
