//! The accounts. Units are in the names; `reserved` bytes let fields be added without moving any.

mod mandate;
mod market;
mod order;
mod pool;
mod position;
mod proposal;
mod security;
mod share;
mod sol_vault;
mod user;
mod vault;

pub use mandate::*;
pub use market::*;
pub use order::*;
pub use pool::*;
pub use position::*;
pub use proposal::*;
pub use security::*;
pub use share::*;
pub use sol_vault::*;
pub use user::*;
pub use vault::*;

/// Layout version written into every account.
pub const VERSION: u8 = 1;
