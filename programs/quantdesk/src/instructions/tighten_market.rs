//! Closes a market further at once: to reductions only, or altogether; it opens by a timelock.

use anchor_lang::prelude::*;

use crate::admin::refuse_durable_nonce;
use crate::errors::QuantDeskError;
use crate::events::MarketStatusChanged;
use crate::state::{Market, Security};

#[derive(Accounts)]
pub struct TightenMarket<'info> {
    pub authority: Signer<'info>,
    #[account(mut, seeds = [Security::SEED], bump = security.bump,
        constraint = security.may_tighten(&authority.key()) @ QuantDeskError::Unauthorized)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut)]
    pub market: Box<Account<'info, Market>>,
    /// CHECK: the instructions of this transaction, by the address of the sysvar.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
}

impl TightenMarket<'_> {
    pub fn tighten_market(ctx: Context<Self>, status: u8) -> Result<()> {
        refuse_durable_nonce(&ctx.accounts.instructions)?;
        let now = Clock::get()?.unix_timestamp;
        ctx.accounts.security.tightened_at = now;
        let market = &mut ctx.accounts.market;
        require!(
            status > market.status && status <= Market::PAUSED,
            QuantDeskError::InvalidParameter
        );
        market.status = status;
        emit!(MarketStatusChanged {
            sequence: market.next_sequence(),
            at: now,
            market_index: market.index,
            status,
            by: ctx.accounts.authority.key(),
        });
        Ok(())
    }
}
