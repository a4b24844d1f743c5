//! Gives USDC to the insurance fund; anyone may.

use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};

use crate::errors::QuantDeskError;
use crate::events::InsuranceSeeded;
use crate::ledger::Fits;
use crate::state::{InsuranceFund, Pool, TokenVault};
use crate::tokens::Transfer;

#[derive(Accounts)]
pub struct SeedInsurance<'info> {
    pub authority: Signer<'info>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(mut, seeds = [InsuranceFund::SEED], bump = insurance.bump)]
    pub insurance: Box<Account<'info, InsuranceFund>>,
    pub mint: Box<Account<'info, Mint>>,
    #[account(mut, seeds = [TokenVault::SEED, mint.key().as_ref()], bump = vault.bump, has_one = mint,
        constraint = vault.index == TokenVault::USDC @ QuantDeskError::WrongAccount)]
    pub vault: Box<Account<'info, TokenVault>>,
    #[account(mut, address = vault.token_account)]
    pub vault_tokens: Box<Account<'info, TokenAccount>>,
    #[account(mut, token::mint = mint, token::authority = authority)]
    pub user_tokens: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
}

impl SeedInsurance<'_> {
    pub fn seed_insurance(ctx: Context<Self>, amount: u64) -> Result<()> {
        require!(amount > 0, QuantDeskError::ZeroAmount);
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.vault.take_in(amount, now)?;
        let fund = &mut accounts.insurance;
        fund.balance_e6 = fund.balance_e6.checked_add(amount).fits()?;
        Transfer {
            program: &accounts.token_program,
            mint: &accounts.mint,
            from: &accounts.user_tokens,
            to: &accounts.vault_tokens,
            authority: accounts.authority.to_account_info(),
        }
        .pull(amount)?;
        emit!(InsuranceSeeded {
            sequence: accounts.pool.next_sequence(),
            at: now,
            amount,
            balance_after: accounts.insurance.balance_e6,
        });
        Ok(())
    }
}
