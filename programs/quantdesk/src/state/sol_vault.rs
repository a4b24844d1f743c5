//! The native half of the SOL collateral: lamports that the program itself holds.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;

/// Holds its lamports on top of its own rent; what strangers send to it is not counted.
#[account]
#[derive(InitSpace)]
pub struct ProtocolSolVault {
    pub version: u8,
    pub bump: u8,
    /// The token vault of the wrapped half; weights, caps and balances are kept there.
    pub vault: Pubkey,
    pub lamports: u64,
    pub reserved: [u8; 64],
}

impl ProtocolSolVault {
    pub const SEED: &'static [u8] = b"sol_vault";

    /// Counts `lamports` out; the other form may still hold enough.
    pub fn let_out(&mut self, lamports: u64) -> Result<()> {
        let left = self.lamports.checked_sub(lamports);
        self.lamports = left.ok_or_else(|| error!(QuantDeskError::VaultShort))?;
        Ok(())
    }
}
