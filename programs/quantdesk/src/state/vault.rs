//! One collateral: its tokens, weights and limits.

use anchor_lang::prelude::*;
use risk::collateral::{ramped_e6, usable, PEG_FLOOR_E6, WEIGHT_MAX_E6};
use risk::market::Terms;
use risk::oracle::{Action, Grade, Memory, Reading};
use risk::outflow::{Bucket, Outcome};

use crate::errors::QuantDeskError;
use crate::ledger::Fits;
use crate::oracle;

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, InitSpace)]
pub struct Outflow {
    /// Outflow that is always allowed in an hour, native units.
    pub floor: u64,
    /// Share of the vault that may leave in an hour on top of the floor.
    pub share_e6: u32,
    /// What left more than came in and has not drained from the bucket yet, native units.
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
    /// The weights that count while they rise to those above; they have since 0.
    pub ramp_init_from_e6: u32,
    pub ramp_maint_from_e6: u32,
    pub ramp_started_at: i64,
    pub reserved: [u8; 176],
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
        let most = if is_usdc { 1_000_000 } else { WEIGHT_MAX_E6 };
        let weights_fit =
            self.weight_init_e6 <= self.weight_maint_e6 && self.weight_maint_e6 <= most;
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

    /// Replaces the rules in use: weights that rise do so from what they count for now.
    pub fn change_params(&mut self, params: &VaultParams, now: i64) -> Result<()> {
        let targets = (self.weight_init_e6, self.weight_maint_e6);
        if targets != (params.weight_init_e6, params.weight_maint_e6) {
            let (initial_e6, maintenance_e6) = self.weights_e6(now)?;
            self.ramp_init_from_e6 = initial_e6.min(params.weight_init_e6);
            self.ramp_maint_from_e6 = maintenance_e6.min(params.weight_maint_e6);
            self.ramp_started_at = now;
        }
        self.set_params(params);
        Ok(())
    }

    /// What the collateral counts for now: to open, and to keep.
    pub fn weights_e6(&self, now: i64) -> Result<(u32, u32)> {
        let at = self.ramp_started_at;
        let initial = ramped_e6(self.ramp_init_from_e6, self.weight_init_e6, at, now);
        let maintenance = ramped_e6(self.ramp_maint_from_e6, self.weight_maint_e6, at, now);
        Ok((initial.fits()?, maintenance.fits()?))
    }

    /// The price in `account`, which must be the collateral's own oracle, as `action` may use it.
    pub fn read(&self, account: &AccountInfo, action: Action, now: i64) -> Result<Reading> {
        let (owner, feed_id) = (&self.oracle_owner, &self.feed_id);
        let reading = oracle::read_pinned(account, &self.oracle, owner, feed_id)?;
        let grade = self.grade(&reading, now);
        usable(&reading, grade, action, now).ok_or_else(|| oracle::refusal_of(grade))
    }

    /// While US dollars are watched by an oracle, the last account passed is that oracle, and it
    /// must stand at the peg; what comes before is returned.
    pub fn require_peg<'a, 'info>(
        &self,
        passed: &'a [AccountInfo<'info>],
        now: i64,
    ) -> Result<&'a [AccountInfo<'info>]> {
        if self.index != Self::USDC || self.oracle == Pubkey::default() {
            return Ok(passed);
        }
        let (last, rest) =
            passed.split_last().ok_or_else(|| error!(QuantDeskError::WrongRiskSet))?;
        let reading = self.read(last, Action::Withdraw, now)?;
        require!(reading.price_e6 >= PEG_FLOOR_E6, QuantDeskError::Depegged);
        Ok(rest)
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

    pub fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Tokens that `count` more deposited make, within the cap; as much may leave again.
    pub fn take_in(&mut self, count: u64, now: i64) -> Result<()> {
        let held = self.total_deposits.checked_add(count).fits()?;
        require!(held <= self.deposit_cap, QuantDeskError::DepositCap);
        self.outflow.level = self.bucket().give(count, self.total_deposits, now).fits()?;
        self.outflow.updated_at = now;
        self.total_deposits = held;
        Ok(())
    }

    /// Lets tokens out through the leaking bucket.
    pub fn let_out(&mut self, count: u64, now: i64) -> Result<()> {
        match self.bucket().take(count, self.total_deposits, now).fits()? {
            Outcome::Refused => err!(QuantDeskError::OutflowCap),
            Outcome::Level(level) => {
                self.outflow.level = level;
                self.outflow.updated_at = now;
                let left = self.total_deposits.checked_sub(count);
                self.total_deposits = left.ok_or_else(|| error!(QuantDeskError::VaultShort))?;
                Ok(())
            }
        }
    }

    fn bucket(&self) -> Bucket {
        Bucket {
            floor: self.outflow.floor,
            share_e6: self.outflow.share_e6,
            level: self.outflow.level,
            updated_at: self.outflow.updated_at,
        }
    }
}
