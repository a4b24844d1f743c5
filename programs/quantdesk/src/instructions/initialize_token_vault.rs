//! Adds a collateral: the vault's rules and the token account that it owns.
//!
//! Once pool or users hold money a new collateral has no weight; it gets one by a timelocked change and
//! rises to it over a week.

use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};

use crate::admin::refuse_durable_nonce;
use crate::errors::QuantDeskError;
use crate::events::VaultInitialized;
use crate::state::{Pool, Security, TokenVault, VaultParams, VERSION};

#[derive(Accounts)]
pub struct InitializeTokenVault<'info> {
    #[account(mut)]
    pub admin: Signer<'info>,
    #[account(seeds = [Security::SEED], bump = security.bump,
        has_one = admin @ QuantDeskError::Unauthorized)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    pub mint: Box<Account<'info, Mint>>,
    #[account(
        init, payer = admin, space = 8 + TokenVault::INIT_SPACE,
        seeds = [TokenVault::SEED, mint.key().as_ref()], bump
    )]
    pub vault: Box<Account<'info, TokenVault>>,
    #[account(
        init, payer = admin, token::mint = mint, token::authority = vault,
        seeds = [TokenVault::TOKENS_SEED, mint.key().as_ref()], bump
    )]
    pub vault_tokens: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
    /// CHECK: the instructions of this transaction, by the address of the sysvar.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
}

impl InitializeTokenVault<'_> {
    fn validate(&self, params: &VaultParams) -> Result<()> {
        refuse_durable_nonce(&self.instructions)?;
        let is_usdc = self.pool.vault_count == TokenVault::USDC;
        require!(self.pool.vault_count < TokenVault::MAX, QuantDeskError::InvalidParameter);
        let is_worthless = params.weight_init_e6 == 0 && params.weight_maint_e6 == 0;
        require!(is_worthless || !self.pool.holds_money(), QuantDeskError::Timelocked);
        params.validate(is_usdc, self.mint.decimals)
    }

    #[access_control(ctx.accounts.validate(&params))]
    pub fn initialize_token_vault(ctx: Context<Self>, params: VaultParams) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let index = accounts.pool.vault_count;
        let vault = &mut accounts.vault;
        vault.version = VERSION;
        vault.bump = ctx.bumps.vault;
        vault.index = index;
        vault.mint = accounts.mint.key();
        vault.token_account = accounts.vault_tokens.key();
        vault.decimals = accounts.mint.decimals;
        vault.outflow.updated_at = now;
        vault.set_params(&params);
        accounts.pool.vault_count += 1;
        emit!(VaultInitialized {
            sequence: accounts.pool.next_sequence(),
            at: now,
            vault: accounts.vault.key(),
            mint: accounts.mint.key(),
            vault_index: index,
        });
        Ok(())
    }
}
