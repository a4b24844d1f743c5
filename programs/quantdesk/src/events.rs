//! What happened, in order: an indexer rebuilds every balance from these events alone.
//!
//! `sequence` counts per user account, or per market or pool where no user is named.

mod collateral;

use anchor_lang::prelude::*;

pub use collateral::*;

#[event]
pub struct UserAccountCreated {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub owner: Pubkey,
    pub sub_account_id: u16,
}

#[event]
pub struct Deposited {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub owner: Pubkey,
    pub mint: Pubkey,
    pub vault_index: u8,
    pub amount: u64,
    pub balance_after: i64,
}

#[event]
pub struct Withdrawn {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub owner: Pubkey,
    pub mint: Pubkey,
    pub vault_index: u8,
    pub amount: u64,
    pub balance_after: i64,
}

#[event]
pub struct PoolSeeded {
    pub sequence: u64,
    pub at: i64,
    pub amount: u64,
    pub cash_after: i64,
}

#[event]
pub struct InsuranceSeeded {
    pub sequence: u64,
    pub at: i64,
    pub amount: u64,
    pub balance_after: u64,
}

#[event]
pub struct MarketInitialized {
    pub sequence: u64,
    pub at: i64,
    pub market: Pubkey,
    pub market_index: u16,
    pub symbol: [u8; 16],
    pub oracle: Pubkey,
}

#[event]
pub struct VaultInitialized {
    pub sequence: u64,
    pub at: i64,
    pub vault: Pubkey,
    pub mint: Pubkey,
    pub vault_index: u8,
}

#[event]
pub struct OrderPlaced {
    pub sequence: u64,
    pub at: i64,
    pub order: Pubkey,
    pub user_account: Pubkey,
    pub owner: Pubkey,
    pub market_index: u16,
    pub client_order_id: u64,
    pub kind: u8,
    pub size_e9: i64,
    pub limit_price_e6: u64,
    pub trigger_price_e6: u64,
    pub trailing_bps: u16,
    pub watermark_e6: u64,
    pub reduce_only: bool,
    pub expires_at: i64,
    pub placed_slot: u64,
}

#[event]
pub struct OrderCancelled {
    pub sequence: u64,
    pub at: i64,
    pub order: Pubkey,
    pub user_account: Pubkey,
    pub market_index: u16,
    pub client_order_id: u64,
    pub reason: u8,
    pub by: Pubkey,
}

#[event]
pub struct WatermarkMoved {
    pub sequence: u64,
    pub at: i64,
    pub order: Pubkey,
    pub user_account: Pubkey,
    pub client_order_id: u64,
    pub watermark_e6: u64,
}

#[event]
pub struct OrderExecuted {
    pub sequence: u64,
    pub at: i64,
    pub order: Pubkey,
    pub user_account: Pubkey,
    pub market_index: u16,
    pub client_order_id: u64,
    pub kind: u8,
    pub size_e9: i64,
    pub cost_e6: i64,
    pub fee_e6: u64,
    pub keeper_reward_e6: u64,
    pub insurance_fee_e6: u64,
    pub oracle_price_e6: u64,
    pub oracle_conf_e6: u64,
    pub publish_time: i64,
    pub realized_pnl_e6: i64,
    pub funding_e6: i64,
    pub size_after_e9: i64,
    pub entry_after_e6: i64,
    pub balance_after_e6: i64,
    pub pool_cash_after_e6: i64,
    pub insurance_after_e6: u64,
    pub long_after_e9: u64,
    pub short_after_e9: u64,
    pub claims_e6: u64,
    pub keeper: Pubkey,
    /// The account that got the reward; the default key when none did.
    pub keeper_account: Pubkey,
}

#[event]
pub struct FundingAccrued {
    pub sequence: u64,
    pub at: i64,
    pub market_index: u16,
    pub rate_e6: i64,
    pub index_after: i128,
    pub oracle_price_e6: u64,
    pub long_e9: u64,
    pub short_e9: u64,
}

#[event]
pub struct FundingPaid {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub market_index: u16,
    pub funding_e6: i64,
    pub balance_after_e6: i64,
    pub index_after: i128,
    pub pool_cash_after_e6: i64,
    pub claims_e6: u64,
}

#[event]
pub struct Liquidated {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub market_index: u16,
    pub size_e9: i64,
    pub cost_e6: i64,
    pub oracle_price_e6: u64,
    pub publish_time: i64,
    pub realized_pnl_e6: i64,
    pub funding_e6: i64,
    pub penalty_e6: u64,
    pub liquidator_reward_e6: u64,
    pub insurance_fee_e6: u64,
    pub insurance_paid_e6: u64,
    pub pool_loss_e6: u64,
    pub claims_e6: u64,
    pub size_after_e9: i64,
    pub entry_after_e6: i64,
    pub balance_after_e6: i64,
    pub pool_cash_after_e6: i64,
    pub insurance_after_e6: u64,
    pub long_after_e9: u64,
    pub short_after_e9: u64,
    pub liquidator: Pubkey,
    pub liquidator_account: Pubkey,
    /// Added in 0.2.1.
    pub impact_e6: u64,
}

#[event]
pub struct OraclePriceUpdated {
    pub sequence: u64,
    pub at: i64,
    pub market_index: u16,
    pub price_e6: u64,
    pub conf_e6: u64,
    pub publish_time: i64,
    pub grade: u8,
}

#[event]
pub struct UserAccountUpdated {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub name: [u8; 32],
    pub max_leverage: u16,
}

#[event]
pub struct DelegateChanged {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub delegate: Pubkey,
    /// 0: the delegate was removed.
    pub permissions: u32,
    pub expires_at: i64,
}

#[event]
pub struct Transferred {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub to_account: Pubkey,
    pub amount: u64,
    pub balance_after: i64,
    pub to_balance_after: i64,
    pub to_sequence: u64,
}

#[event]
pub struct PauseChanged {
    pub sequence: u64,
    pub at: i64,
    pub pause_bits: u32,
    pub by: Pubkey,
}

#[event]
pub struct MarketStatusChanged {
    pub sequence: u64,
    pub at: i64,
    pub market_index: u16,
    pub status: u8,
    pub by: Pubkey,
}

#[event]
pub struct ChangeProposed {
    pub sequence: u64,
    pub at: i64,
    pub proposal: Pubkey,
    pub executable_at: i64,
}

#[event]
pub struct ChangeExecuted {
    pub sequence: u64,
    pub at: i64,
    pub proposal: Pubkey,
}

#[event]
pub struct ChangeCancelled {
    pub sequence: u64,
    pub at: i64,
    pub proposal: Pubkey,
    pub by: Pubkey,
}

#[event]
pub struct BankruptcyResolved {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub insurance_paid_e6: u64,
    pub pool_loss_e6: u64,
    pub balance_after_e6: i64,
    pub pool_cash_after_e6: i64,
    pub insurance_after_e6: u64,
}

#[event]
pub struct ClaimsPaid {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub paid_e6: u64,
    /// Moved from the pool's cash into the pot for everybody's claims.
    pub distributed_e6: u64,
    pub claims_after_e6: u64,
    pub due_after_e6: u64,
    pub balance_after_e6: i64,
    pub pool_cash_after_e6: i64,
    pub pool_claims_after_e6: u64,
    pub pot_after_e6: u64,
    pub index_after_e12: u128,
}

#[event]
pub struct PnlSettled {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub market_index: u16,
    pub amount_e6: u64,
    pub funding_e6: i64,
    pub oracle_price_e6: u64,
    pub publish_time: i64,
    pub entry_after_e6: i64,
    pub balance_after_e6: i64,
    pub pool_cash_after_e6: i64,
    pub claims_e6: u64,
}

#[event]
pub struct Deleveraged {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub market_index: u16,
    pub size_e9: i64,
    pub cost_e6: i64,
    pub oracle_price_e6: u64,
    pub publish_time: i64,
    pub realized_pnl_e6: i64,
    pub funding_e6: i64,
    pub claims_e6: u64,
    /// How many accounts were compared with this one.
    pub candidates: u8,
    pub pool_equity_before_e6: i64,
    pub size_after_e9: i64,
    pub entry_after_e6: i64,
    pub balance_after_e6: i64,
    pub pool_cash_after_e6: i64,
    pub long_after_e9: u64,
    pub short_after_e9: u64,
    pub keeper: Pubkey,
}

#[event]
pub struct PoolDeposited {
    pub sequence: u64,
    pub at: i64,
    pub owner: Pubkey,
    pub amount: u64,
    pub shares: u64,
    pub shares_after: u64,
    pub cash_after_e6: i64,
    pub equity_e6: i64,
}

#[event]
pub struct PoolWithdrawalRequested {
    pub sequence: u64,
    pub at: i64,
    pub owner: Pubkey,
    pub pending_shares: u64,
    pub unlock_at: i64,
}

#[event]
pub struct PoolWithdrawn {
    pub sequence: u64,
    pub at: i64,
    pub owner: Pubkey,
    pub amount: u64,
    pub shares: u64,
    pub shares_after: u64,
    pub cash_after_e6: i64,
    pub equity_e6: i64,
}

#[event]
pub struct BracketPlaced {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub market_index: u16,
    /// 0 when the legs protect a position that is open already.
    pub parent_id: u64,
    pub take_profit_id: u64,
    pub stop_id: u64,
    /// True while the legs wait for a parent.
    pub is_asleep: bool,
}

#[event]
pub struct BracketArmed {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub market_index: u16,
    pub parent_id: u64,
    pub take_profit_id: u64,
    pub stop_id: u64,
    pub opening: u32,
}

#[event]
pub struct MandateSet {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub delegate: Pubkey,
    pub order_cap_e6: u64,
    pub notional_cap_e6: u64,
    pub max_leverage: u16,
    pub daily_loss_e6: u64,
    pub markets: u64,
    pub expires_at: i64,
}

#[event]
pub struct MandateClosed {
    pub sequence: u64,
    pub at: i64,
    pub user_account: Pubkey,
    pub delegate: Pubkey,
}
