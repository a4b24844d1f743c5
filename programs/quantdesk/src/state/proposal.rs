//! A loosening that waits: proposed by the admin, executed after the timelock, cancelled by either.

use anchor_lang::prelude::*;

use crate::state::{MarketParams, Pool, Security, VaultParams};

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
    /// It was announced as a new guardian and nothing else.
    pub guardian_only: bool,
    pub reserved: [u8; 31],
}

impl Change {
    /// Whether nothing but the guardian would differ from what holds now.
    pub fn replaces_guardian_only(&self, security: &Security, pool: &Pool) -> bool {
        self.kind == change::SECURITY
            && self.guardian != security.guardian
            && self.admin == security.admin
            && self.keeper == security.keeper
            && self.timelock_s == security.timelock_s
            && self.keeper_reward_e6 == pool.keeper_reward_e6
            && self.daily_loss_share_e6 == pool.daily_loss_share_e6
    }
}

impl Proposal {
    pub const SEED: &'static [u8] = b"proposal";
    /// Seconds for which a ripe proposal may be executed; nobody remembers older ones.
    pub const USABLE_S: i64 = 604_800;
    /// A new guardian waits so many timelocks, since the present one has no veto.
    pub const GUARDIAN_WAITS: i64 = 2;

    /// Whether a stolen guardian key may not stop it: it was and is about the guardian only.
    pub fn withstands_guardian(&self, security: &Security, pool: &Pool) -> bool {
        self.guardian_only && self.change.replaces_guardian_only(security, pool)
    }

    /// Whether it may still be executed: not for ever, and not what a pause or tightening met.
    pub fn stands(&self, security: &Security, pool: &Pool, now: i64) -> bool {
        if now.saturating_sub(self.executable_at) > Self::USABLE_S {
            return false;
        }
        if self.guardian_only {
            return self.withstands_guardian(security, pool);
        }
        self.proposed_at > security.tightened_at
    }
}
