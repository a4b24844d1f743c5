//! What one person owns of the pool.

use anchor_lang::prelude::*;
use risk::shares::NOTICE_S;

use crate::errors::QuantDeskError;

#[account]
#[derive(InitSpace)]
pub struct PoolShare {
    pub version: u8,
    pub bump: u8,
    pub owner: Pubkey,
    pub shares: u64,
    /// The part of `shares` that waits to be withdrawn.
    pub pending_shares: u64,
    /// Unix second from which the waiting part may be withdrawn, for a day.
    pub unlock_at: i64,
    pub sequence: u64,
    pub reserved: [u8; 64],
}

impl PoolShare {
    pub const SEED: &'static [u8] = b"pool_share";

    /// The waiting part may leave within a day after its wait: a notice kept in reserve would be a
    /// way out at any moment that looks bad for the pool.
    pub fn require_ripe(&self, now: i64) -> Result<()> {
        require!(now >= self.unlock_at, QuantDeskError::Timelocked);
        let late_s = now.saturating_sub(self.unlock_at);
        require!(late_s <= NOTICE_S, QuantDeskError::NoticeLapsed);
        Ok(())
    }

    /// Nothing waits to be withdrawn any more.
    pub fn end_notice(&mut self) {
        self.pending_shares = 0;
        self.unlock_at = 0;
    }

    pub fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}
