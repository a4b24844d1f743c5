//! Starts the wait before shares of the pool may be withdrawn; 0 calls it off.

use anchor_lang::prelude::*;
use risk::shares::COOLDOWN_S;

use crate::errors::QuantDeskError;
use crate::events::PoolWithdrawalRequested;
use crate::ledger::Fits;
use crate::state::PoolShare;

#[derive(Accounts)]
pub struct RequestPoolWithdrawal<'info> {
    pub authority: Signer<'info>,
    #[account(mut, seeds = [PoolShare::SEED, authority.key().as_ref()], bump = pool_share.bump)]
    pub pool_share: Box<Account<'info, PoolShare>>,
}

impl RequestPoolWithdrawal<'_> {
    pub fn request_pool_withdrawal(ctx: Context<Self>, shares: u64) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let share = &mut ctx.accounts.pool_share;
        require!(shares <= share.shares, QuantDeskError::InsufficientBalance);
        share.pending_shares = shares;
        share.unlock_at = if shares == 0 { 0 } else { now.checked_add(COOLDOWN_S).fits()? };
        emit!(PoolWithdrawalRequested {
            sequence: share.next_sequence(),
            at: now,
            owner: share.owner,
            pending_shares: share.pending_shares,
            unlock_at: share.unlock_at,
        });
        Ok(())
    }
}
