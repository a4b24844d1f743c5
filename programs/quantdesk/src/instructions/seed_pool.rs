//! Gives USDC to the pool; once people hold shares, a seed mints none and so dilutes nobody.

use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};

use crate::admin::refuse_durable_nonce;
use crate::errors::QuantDeskError;
use crate::events::PoolSeeded;
use crate::ledger::Fits;
use crate::state::{Pool, Security, TokenVault};
use crate::tokens::Transfer;

#[derive(Accounts)]
pub struct SeedPool<'info> {
    pub admin: Signer<'info>,
    #[account(seeds = [Security::SEED], bump = security.bump,
        has_one = admin @ QuantDeskError::Unauthorized)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    pub mint: Box<Account<'info, Mint>>,
    #[account(mut, seeds = [TokenVault::SEED, mint.key().as_ref()], bump = vault.bump, has_one = mint,
        constraint = vault.index == TokenVault::USDC @ QuantDeskError::WrongAccount)]
    pub vault: Box<Account<'info, TokenVault>>,
    #[account(mut, address = vault.token_account)]
    pub vault_tokens: Box<Account<'info, TokenAccount>>,
    #[account(mut, token::mint = mint, token::authority = admin)]
    pub user_tokens: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    /// CHECK: the instructions of this transaction, by the address of the sysvar.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
}

impl SeedPool<'_> {
    pub fn seed_pool(ctx: Context<Self>, amount: u64) -> Result<()> {
        require!(amount > 0, QuantDeskError::ZeroAmount);
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        refuse_durable_nonce(&accounts.instructions)?;
        let signed = i64::try_from(amount).ok().fits()?;
        accounts.vault.take_in(amount, now)?;
        let pool = &mut accounts.pool;
        pool.cash_e6 = pool.cash_e6.checked_add(signed).fits()?;
        if pool.lp_shares == 0 {
            pool.shares = pool.shares.checked_add(amount).fits()?;
        }
        Transfer {
            program: &accounts.token_program,
            mint: &accounts.mint,
            from: &accounts.user_tokens,
            to: &accounts.vault_tokens,
            authority: accounts.admin.to_account_info(),
        }
        .pull(amount)?;
        emit!(PoolSeeded {
            sequence: accounts.pool.next_sequence(),
            at: now,
            amount,
            cash_after: accounts.pool.cash_e6,
        });
        Ok(())
    }
}
