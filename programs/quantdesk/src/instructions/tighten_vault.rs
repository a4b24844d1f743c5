//! Takes less of a collateral at once: as new risk, in deposits and out of the vault.
//!
//! What it counts for to keep a position falls by the timelock alone: at once it would make healthy
//! accounts liquidatable, and sell what they hold below its price.

use anchor_lang::prelude::*;

use crate::admin::refuse_durable_nonce;
use crate::errors::QuantDeskError;
use crate::events::VaultTightened;
use crate::state::{Security, TokenVault};

#[derive(Accounts)]
pub struct TightenVault<'info> {
    pub authority: Signer<'info>,
    #[account(mut, seeds = [Security::SEED], bump = security.bump,
        constraint = security.may_tighten(&authority.key()) @ QuantDeskError::Unauthorized)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut)]
    pub vault: Box<Account<'info, TokenVault>>,
    /// CHECK: the instructions of this transaction, by the address of the sysvar.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
}

impl TightenVault<'_> {
    pub fn tighten_vault(
        ctx: Context<Self>,
        weight_init_e6: u32,
        deposit_cap: u64,
        outflow_floor: u64,
        outflow_share_e6: u32,
    ) -> Result<()> {
        refuse_durable_nonce(&ctx.accounts.instructions)?;
        let now = Clock::get()?.unix_timestamp;
        ctx.accounts.security.tightened_at = now;
        let vault = &mut ctx.accounts.vault;
        let steps = [
            (u64::from(weight_init_e6), u64::from(vault.weight_init_e6)),
            (deposit_cap, vault.deposit_cap),
            (outflow_floor, vault.outflow.floor),
            (u64::from(outflow_share_e6), u64::from(vault.outflow.share_e6)),
        ];
        let loosens = steps.iter().any(|(wanted, present)| wanted > present);
        let tightens = steps.iter().any(|(wanted, present)| wanted < present);
        // The settlement currency always counts in full.
        let is_kept = vault.index != TokenVault::USDC || weight_init_e6 == vault.weight_init_e6;
        require!(tightens && !loosens && is_kept, QuantDeskError::InvalidParameter);
        vault.weight_init_e6 = weight_init_e6;
        vault.deposit_cap = deposit_cap;
        vault.outflow.floor = outflow_floor;
        vault.outflow.share_e6 = outflow_share_e6;
        emit!(VaultTightened {
            sequence: vault.next_sequence(),
            at: now,
            vault_index: vault.index,
            weight_init_e6,
            deposit_cap,
            outflow_floor,
            outflow_share_e6,
            by: ctx.accounts.authority.key(),
        });
        Ok(())
    }
}
