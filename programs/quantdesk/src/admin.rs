//! Who administers, and how: never with a durable nonce.
//!
//! A signature over a durable nonce stays good for ever: signers have been tricked into giving one
//! away long before it was used. So an administrative transaction must die with its blockhash.

use anchor_lang::prelude::*;
use solana_instructions_sysvar::load_instruction_at_checked;

use crate::errors::QuantDeskError;

const ADVANCE_NONCE: [u8; 4] = 4u32.to_le_bytes();

/// Refuses a transaction whose first instruction advances a nonce account.
pub fn refuse_durable_nonce(instructions: &AccountInfo) -> Result<()> {
    let first = load_instruction_at_checked(0, instructions)?;
    let advances = first.program_id == System::id() && first.data.starts_with(&ADVANCE_NONCE);
    require!(!advances, QuantDeskError::DurableNonce);
    Ok(())
}
