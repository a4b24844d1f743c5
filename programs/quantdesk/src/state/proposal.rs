//! A loosening that waits: proposed by the admin, executed after the timelock, cancelled by either.

use anchor_lang::prelude::*;

use crate::state::{MarketParams, VaultParams};

/// `Change::kind`.
pub mod change {
    /// Clears `pause_bits`.
    pub const UNPAUSE: u8 = 0;
    /// Replaces status and parameters of the market `index`.
    pub const MARKET: u8 = 1;
    /// Replaces the parameters of the vault `index`.
    pub const VAULT: u8 = 2;
    /// Replaces admin, guardian, keeper, timelock, keeper reward and daily loss share.
    pub const SECURITY: u8 = 3;
}

/// What is to change; what the kind does not use is zero. Whole records are replaced, so that
/// nothing is left unsaid in a proposal that people read while it waits.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, InitSpace)]
pub struct Change {
    pub kind: u8,
    pub index: u16,
    pub status: u8,
    pub pause_bits: u32,
    pub admin: Pubkey,
    pub guardian: Pubkey,
    pub keeper: Pubkey,
    pub timelock_s: i64,
    pub keeper_reward_e6: u64,
    pub daily_loss_share_e6: u32,
    pub market: MarketParams,
    pub vault: VaultParams,
}

#[account]
#[derive(InitSpace)]
pub struct Proposal {
    pub version: u8,
    pub bump: u8,
    pub id: u64,
    pub proposed_at: i64,
    pub executable_at: i64,
    pub change: Change,
    pub reserved: [u8; 32],
}

impl Proposal {
    pub const SEED: &'static [u8] = b"proposal";
}
