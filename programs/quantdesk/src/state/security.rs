//! Who may do what, and what is paused.

use anchor_lang::prelude::*;

#[account]
#[derive(InitSpace)]
pub struct Security {
    pub version: u8,
    pub bump: u8,
    pub admin: Pubkey,
    /// May only tighten: set pause bits.
    pub guardian: Pubkey,
    pub keeper: Pubkey,
    /// Bits of `pause`.
    pub pause_bits: u32,
    /// Seconds that a loosening waits before it may be executed.
    pub timelock_s: i64,
    pub sequence: u64,
    /// When guardian or admin paused or tightened last; what was proposed by then is void.
    pub tightened_at: i64,
    pub reserved: [u8; 248],
}

impl Security {
    pub const SEED: &'static [u8] = b"security";
    /// Shorter, and a stolen key could loosen before anyone looks.
    pub const TIMELOCK_MIN_S: i64 = 3_600;
    /// Longer, and nothing could be mended in time.
    pub const TIMELOCK_MAX_S: i64 = 2_592_000;

    pub fn is_timelock(seconds: i64) -> bool {
        (Self::TIMELOCK_MIN_S..=Self::TIMELOCK_MAX_S).contains(&seconds)
    }

    /// Guardian and admin may make things stricter at once.
    pub fn may_tighten(&self, key: &Pubkey) -> bool {
        *key == self.guardian || *key == self.admin
    }

    pub fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    pub fn is_paused(&self, bit: u32) -> bool {
        self.pause_bits & bit != 0
    }
}

/// Bits of `Security::pause_bits`; a set bit refuses the action with `Paused`.
pub mod pause {
    pub const DEPOSIT: u32 = 1;
    pub const WITHDRAW: u32 = 1 << 1;
    pub const PLACE: u32 = 1 << 2;
    /// Execution that grows a position; reducing stays possible.
    pub const GROW: u32 = 1 << 3;
    /// Every execution.
    pub const EXECUTE: u32 = 1 << 4;
    pub const LIQUIDATE: u32 = 1 << 5;
    pub const FUNDING: u32 = 1 << 6;
    pub const POOL: u32 = 1 << 7;
    pub const ALL: u32 = (1 << 8) - 1;
}
