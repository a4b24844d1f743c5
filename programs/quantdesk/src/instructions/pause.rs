//! Stops actions at once; guardian or admin may, and only a timelocked change lifts it, which was
//! proposed later.

use anchor_lang::prelude::*;

use crate::admin::refuse_durable_nonce;
use crate::errors::QuantDeskError;
use crate::events::PauseChanged;
use crate::state::{pause, Security};

#[derive(Accounts)]
pub struct Pause<'info> {
    pub authority: Signer<'info>,
    #[account(mut, seeds = [Security::SEED], bump = security.bump,
        constraint = security.may_tighten(&authority.key()) @ QuantDeskError::Unauthorized)]
    pub security: Box<Account<'info, Security>>,
    /// CHECK: the instructions of this transaction, by the address of the sysvar.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
}

impl Pause<'_> {
    pub fn pause(ctx: Context<Self>, pause_bits: u32) -> Result<()> {
        refuse_durable_nonce(&ctx.accounts.instructions)?;
        require!(
            pause_bits != 0 && pause_bits & !pause::ALL == 0,
            QuantDeskError::InvalidParameter
        );
        let now = Clock::get()?.unix_timestamp;
        let security = &mut ctx.accounts.security;
        security.pause_bits |= pause_bits;
        security.tightened_at = now;
        emit!(PauseChanged {
            sequence: security.next_sequence(),
            at: now,
            pause_bits: security.pause_bits,
            by: ctx.accounts.authority.key(),
        });
        Ok(())
    }
}
