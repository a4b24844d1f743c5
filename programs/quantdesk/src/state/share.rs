//! What one person owns of the pool.

use anchor_lang::prelude::*;

#[account]
#[derive(InitSpace)]
pub struct PoolShare {
    pub version: u8,
    pub bump: u8,
    pub owner: Pubkey,
    pub shares: u64,
    /// The part of `shares` that waits to be withdrawn.
    pub pending_shares: u64,
    /// Unix second from which the waiting part may be withdrawn.
    pub unlock_at: i64,
    pub sequence: u64,
    pub reserved: [u8; 64],
}

impl PoolShare {
    pub const SEED: &'static [u8] = b"pool_share";

    pub fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}
