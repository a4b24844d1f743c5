//! Adds a collateral: the vault's rules and the token account that it owns.

use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};

use crate::errors::QuantDeskError;
use crate::events::VaultInitialized;
use crate::state::{Outflow, Pool, Security, TokenVault, VaultParams, VERSION};

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
}

impl InitializeTokenVault<'_> {
    fn validate(&self, params: &VaultParams) -> Result<()> {
        let is_usdc = self.pool.vault_count == TokenVault::USDC;
        require!(self.pool.vault_count < TokenVault::MAX, QuantDeskError::InvalidParameter);
        require!(
            params.weight_init_e6 <= params.weight_maint_e6 && params.weight_maint_e6 <= 1_000_000,
            QuantDeskError::InvalidParameter
        );
        require!(
            params.outflow_share_e6 <= 1_000_000 && self.mint.decimals <= 9,
            QuantDeskError::InvalidParameter
        );
        require!(
            !is_usdc || (self.mint.decimals == 6 && params.weight_init_e6 == 1_000_000),
            QuantDeskError::InvalidParameter
        );
        Ok(())
    }

    #[access_control(ctx.accounts.validate(&params))]
    pub fn initialize_token_vault(ctx: Context<Self>, params: VaultParams) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let index = accounts.pool.vault_count;
        accounts.vault.set_inner(TokenVault {
            version: VERSION,
            bump: ctx.bumps.vault,
            index,
            mint: accounts.mint.key(),
            token_account: accounts.vault_tokens.key(),
            decimals: accounts.mint.decimals,
            weight_init_e6: params.weight_init_e6,
            weight_maint_e6: params.weight_maint_e6,
            deposit_cap: params.deposit_cap,
            total_deposits: 0,
            oracle: params.oracle,
            oracle_owner: params.oracle_owner,
            feed_id: params.feed_id,
            conf_gate_e6: params.conf_gate_e6,
            age_max_s: params.age_max_s,
            outflow: Outflow {
                floor: params.outflow_floor,
                share_e6: params.outflow_share_e6,
                level: 0,
                updated_at: now,
            },
            sequence: 0,
            reserved: [0; 192],
        });
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
