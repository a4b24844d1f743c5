//! One file per instruction: its accounts, what it refuses, what it does.

pub mod cancel_order;
pub mod create_user_account;
pub mod deposit_tokens;
pub mod execute_order;
pub mod initialize;
pub mod initialize_market;
pub mod initialize_token_vault;
pub mod liquidate;
pub mod place_order;
pub mod seed_insurance;
pub mod seed_pool;
pub mod settle_funding;
pub mod update_oracle_price;
pub mod withdraw_tokens;

pub use cancel_order::*;
pub use create_user_account::*;
pub use deposit_tokens::*;
pub use execute_order::*;
pub use initialize::*;
pub use initialize_market::*;
pub use initialize_token_vault::*;
pub use liquidate::*;
pub use place_order::*;
pub use seed_insurance::*;
pub use seed_pool::*;
pub use settle_funding::*;
pub use update_oracle_price::*;
pub use withdraw_tokens::*;
