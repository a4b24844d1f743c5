//! Announces a loosening; it can be executed when the timelock has passed.
//!
//! A new guardian and nothing else waits twice as long, for the present one cannot cancel it.

use anchor_lang::prelude::*;

use crate::admin::refuse_durable_nonce;
use crate::errors::QuantDeskError;
use crate::events::ChangeProposed;
use crate::ledger::Fits;
use crate::state::{Change, Pool, Proposal, Security, VERSION};

#[derive(Accounts)]
#[instruction(id: u64)]
pub struct ProposeChange<'info> {
    #[account(mut)]
    pub admin: Signer<'info>,
    #[account(mut, seeds = [Security::SEED], bump = security.bump,
        has_one = admin @ QuantDeskError::Unauthorized)]
    pub security: Box<Account<'info, Security>>,
    #[account(seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(
        init, payer = admin, space = 8 + Proposal::INIT_SPACE,
        seeds = [Proposal::SEED, &id.to_le_bytes()], bump
    )]
    pub proposal: Box<Account<'info, Proposal>>,
    /// CHECK: the instructions of this transaction, by the address of the sysvar.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

impl ProposeChange<'_> {
    pub fn propose_change(ctx: Context<Self>, id: u64, change: Change) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        refuse_durable_nonce(&accounts.instructions)?;
        let guardian_only = change.replaces_guardian_only(&accounts.security, &accounts.pool);
        let waits = if guardian_only { Proposal::GUARDIAN_WAITS } else { 1 };
        let wait_s = accounts.security.timelock_s.checked_mul(waits).fits()?;
        let executable_at = now.checked_add(wait_s).fits()?;
        accounts.proposal.set_inner(Proposal {
            version: VERSION,
            bump: ctx.bumps.proposal,
            id,
            proposed_at: now,
            executable_at,
            change,
            guardian_only,
            reserved: [0; 31],
        });
        emit!(ChangeProposed {
            sequence: accounts.security.next_sequence(),
            at: now,
            proposal: accounts.proposal.key(),
            executable_at,
        });
        Ok(())
    }
}
