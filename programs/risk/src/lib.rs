//! The exchange's arithmetic: integers only, one function per formula, no account and no clock.
//!
//! Units are in the names: `_e6` millionths of a US dollar (or of one, for fractions), `_e9`
//! billionths of a base unit, the funding index in USD e12 per base. Every rounding goes against
//! the caller and for the pool. `None` means that a number does not fit; nothing may be written.

#![no_std]
#![forbid(unsafe_code)]

pub mod books;
pub mod claims;
pub mod closing;
pub mod collateral;
pub mod cost;
pub mod execution;
pub mod fees;
pub mod funding;
pub mod liquidation;
pub mod mandate;
pub mod margin;
pub mod market;
pub mod math;
pub mod oracle;
pub mod outflow;
pub mod pool;
pub mod position;
pub mod profit;
pub mod shares;
pub mod trigger;
