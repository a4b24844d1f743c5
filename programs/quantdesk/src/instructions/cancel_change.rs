//! Withdraws a proposed change: the admin, or the guardian who does not trust it.

use anchor_lang::prelude::*;

use crate::admin::refuse_durable_nonce;
use crate::errors::QuantDeskError;
use crate::events::ChangeCancelled;
use crate::state::{Proposal, Security};

#[derive(Accounts)]
pub struct CancelChange<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [Security::SEED], bump = security.bump,
        constraint = security.may_tighten(&authority.key()) @ QuantDeskError::Unauthorized)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut, close = authority)]
    pub proposal: Box<Account<'info, Proposal>>,
    /// CHECK: the instructions of this transaction, by the address of the sysvar.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
}

impl CancelChange<'_> {
    pub fn cancel_change(ctx: Context<Self>) -> Result<()> {
        refuse_durable_nonce(&ctx.accounts.instructions)?;
        emit!(ChangeCancelled {
            sequence: ctx.accounts.security.next_sequence(),
            at: Clock::get()?.unix_timestamp,
            proposal: ctx.accounts.proposal.key(),
            by: ctx.accounts.authority.key(),
        });
        Ok(())
    }
}
