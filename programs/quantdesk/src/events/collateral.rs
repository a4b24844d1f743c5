//! What happened to collateral besides USDC.

use anchor_lang::prelude::*;

#[event]
pub struct VaultTightened {
    /// Counts per vault.
    pub sequence: u64,
    pub at: i64,
    pub vault_index: u8,
    pub weight_init_e6: u32,
    pub deposit_cap: u64,
    pub outflow_floor: u64,
    pub outflow_share_e6: u32,
    pub by: Pubkey,
}

#[event]
pub struct CollateralConverted {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub buyer_account: Pubkey,
    pub vault_index: u8,
    /// Native units sold.
    pub amount: u64,
    pub usdc_e6: u64,
    pub oracle_price_e6: u64,
    pub oracle_conf_e6: u64,
    pub publish_time: i64,
    /// The seller's owner did not sign.
    pub forced: bool,
    pub balance_after: i64,
    pub usdc_after_e6: i64,
    pub buyer_balance_after: i64,
    pub buyer_usdc_after_e6: i64,
    pub buyer_sequence: u64,
    pub buyer: Pubkey,
}
