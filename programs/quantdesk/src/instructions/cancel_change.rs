//! Withdraws a proposed change: the admin, or the guardian who does not trust it.
//!
//! A new guardian and nothing else is the admin's to withdraw, lest a stolen key keep its office.

use anchor_lang::prelude::*;

use crate::admin::refuse_durable_nonce;
use crate::errors::QuantDeskError;
use crate::events::ChangeCancelled;
use crate::state::{Pool, Proposal, Security};

#[derive(Accounts)]
pub struct CancelChange<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [Security::SEED], bump = security.bump,
        constraint = security.may_tighten(&authority.key()) @ QuantDeskError::Unauthorized)]
    pub security: Box<Account<'info, Security>>,
    #[account(seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(mut, close = authority)]
    pub proposal: Box<Account<'info, Proposal>>,
    /// CHECK: the instructions of this transaction, by the address of the sysvar.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
}

impl CancelChange<'_> {
    pub fn cancel_change(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        refuse_durable_nonce(&accounts.instructions)?;
        let by = accounts.authority.key();
        let withstands = accounts.proposal.withstands_guardian(&accounts.security, &accounts.pool);
        require!(by == accounts.security.admin || !withstands, QuantDeskError::Unauthorized);
        emit!(ChangeCancelled {
            sequence: accounts.security.next_sequence(),
            at: Clock::get()?.unix_timestamp,
            proposal: accounts.proposal.key(),
            by,
        });
        Ok(())
    }
}
