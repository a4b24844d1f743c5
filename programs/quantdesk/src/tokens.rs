//! Tokens in and out of a vault, always checked against mint and decimals.

use anchor_lang::prelude::*;
use anchor_spl::token::{transfer_checked, Mint, Token, TokenAccount, TransferChecked};

use crate::state::TokenVault;

/// The accounts of one transfer.
pub struct Transfer<'a, 'info> {
    pub program: &'a Program<'info, Token>,
    pub mint: &'a Account<'info, Mint>,
    pub from: &'a Account<'info, TokenAccount>,
    pub to: &'a Account<'info, TokenAccount>,
    pub authority: AccountInfo<'info>,
}

impl Transfer<'_, '_> {
    /// From a wallet, whose owner signed the transaction.
    pub fn pull(&self, count: u64) -> Result<()> {
        self.invoke(count, &[])
    }

    /// From a vault, in the name of the vault itself.
    pub fn push(&self, count: u64, vault: &TokenVault) -> Result<()> {
        let bump = [vault.bump];
        let seeds: &[&[u8]] = &[TokenVault::SEED, vault.mint.as_ref(), &bump];
        self.invoke(count, &[seeds])
    }

    fn invoke(&self, count: u64, signer: &[&[&[u8]]]) -> Result<()> {
        let accounts = TransferChecked {
            from: self.from.to_account_info(),
            mint: self.mint.to_account_info(),
            to: self.to.to_account_info(),
            authority: self.authority.clone(),
        };
        let context = CpiContext::new_with_signer(self.program.key(), accounts, signer);
        transfer_checked(context, count, self.mint.decimals)
    }
}
