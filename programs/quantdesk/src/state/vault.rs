//! One collateral: its tokens, weights and limits.

use anchor_lang::prelude::*;
use risk::market::Terms;
use risk::oracle::{Action, Grade, Memory, Reading};
use risk::outflow::{Bucket, Outcome};

use crate::errors::QuantDeskError;
use crate::ledger::Fits;

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, InitSpace)]
pub struct Outflow {
    /// Outflow that is always allowed in an hour, native units.
    pub floor: u64,
    /// Share of the vault that may leave in an hour on top of the floor.
    pub share_e6: u32,
    /// What left and has not drained from the bucket yet, native units.
    pub level: u64,
    pub updated_at: i64,
}

#[account]
#[derive(InitSpace)]
pub struct TokenVault {
    pub version: u8,
    pub bump: u8,
    pub index: u8,
    pub mint: Pubkey,
    pub token_account: Pubkey,
    pub decimals: u8,
    pub weight_init_e6: u32,
    pub weight_maint_e6: u32,
    /// Most tokens the vault takes by deposits, native units.
    pub deposit_cap: u64,
    /// Tokens the program holds in the vault, native units; donations are not counted.
    pub total_deposits: u64,
    /// Unset for USDC, which counts at one dollar.
    pub oracle: Pubkey,
    pub oracle_owner: Pubkey,
    pub feed_id: [u8; 32],
    pub conf_gate_e6: u32,
    pub age_max_s: u16,
    pub outflow: Outflow,
    pub sequence: u64,
    pub reserved: [u8; 192],
}

impl TokenVault {
    pub const SEED: &'static [u8] = b"vault";
    pub const TOKENS_SEED: &'static [u8] = b"vault_tokens";
    /// Index of the settlement currency.
    pub const USDC: u8 = 0;
    /// `UserAccount::balances` has one place per vault.
    pub const MAX: u8 = 8;
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, InitSpace)]
pub struct VaultParams {
    pub weight_init_e6: u32,
    pub weight_maint_e6: u32,
    pub deposit_cap: u64,
    pub oracle: Pubkey,
    pub oracle_owner: Pubkey,
    pub feed_id: [u8; 32],
    pub conf_gate_e6: u32,
    pub age_max_s: u16,
    pub outflow_floor: u64,
    pub outflow_share_e6: u32,
}

impl VaultParams {
    pub fn validate(&self, is_usdc: bool, decimals: u8) -> Result<()> {
        let weights_fit =
            self.weight_init_e6 <= self.weight_maint_e6 && self.weight_maint_e6 <= 1_000_000;
        require!(weights_fit, QuantDeskError::InvalidParameter);
        require!(
            self.outflow_share_e6 <= 1_000_000 && decimals <= 9,
            QuantDeskError::InvalidParameter
        );
        require!(
            !is_usdc || (decimals == 6 && self.weight_init_e6 == 1_000_000),
            QuantDeskError::InvalidParameter
        );
        Ok(())
    }
}

impl TokenVault {
    /// Replaces the rules; what left in the last hour stays counted.
    pub fn set_params(&mut self, params: &VaultParams) {
        self.weight_init_e6 = params.weight_init_e6;
        self.weight_maint_e6 = params.weight_maint_e6;
        self.deposit_cap = params.deposit_cap;
        self.oracle = params.oracle;
        self.oracle_owner = params.oracle_owner;
        self.feed_id = params.feed_id;
        self.conf_gate_e6 = params.conf_gate_e6;
        self.age_max_s = params.age_max_s;
        self.outflow.floor = params.outflow_floor;
        self.outflow.share_e6 = params.outflow_share_e6;
    }

    /// How far a reading of the collateral's oracle can be trusted.
    pub fn grade(&self, reading: &Reading, now: i64) -> Grade {
        let terms = Terms {
            conf_gate_e6: self.conf_gate_e6,
            age_grow_s: self.age_max_s,
            ..Terms::default()
        };
        reading.grade(&terms, &Memory::default(), Action::Withdraw, now)
    }

    /// Tokens that `count` more deposited make, within the cap.
    pub fn take_in(&mut self, count: u64) -> Result<()> {
        let held = self.total_deposits.checked_add(count).fits()?;
        require!(held <= self.deposit_cap, QuantDeskError::DepositCap);
        self.total_deposits = held;
        Ok(())
    }

    /// Lets tokens out through the leaking bucket.
    pub fn let_out(&mut self, count: u64, now: i64) -> Result<()> {
        let bucket = Bucket {
            floor: self.outflow.floor,
            share_e6: self.outflow.share_e6,
            level: self.outflow.level,
            updated_at: self.outflow.updated_at,
        };
        match bucket.take(count, self.total_deposits, now).fits()? {
            Outcome::Refused => err!(QuantDeskError::OutflowCap),
            Outcome::Level(level) => {
                self.outflow.level = level;
                self.outflow.updated_at = now;
                self.total_deposits = self.total_deposits.checked_sub(count).fits()?;
                Ok(())
            }
        }
    }
}
