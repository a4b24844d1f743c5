//! Buys shares of the pool at the edge that makes the pool dearer, and ends a notice to leave: what
//! is bought later never leaves under it.

use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};

use crate::errors::QuantDeskError;
use crate::events::PoolDeposited;
use crate::ledger::Fits;
use crate::state::{pause, Pool, PoolShare, Security, TokenVault, VERSION};
use crate::tokens::Transfer;
use crate::valuation;

#[derive(Accounts)]
pub struct PoolDeposit<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(
        init_if_needed, payer = authority, space = 8 + PoolShare::INIT_SPACE,
        seeds = [PoolShare::SEED, authority.key().as_ref()], bump
    )]
    pub pool_share: Box<Account<'info, PoolShare>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    pub mint: Box<Account<'info, Mint>>,
    #[account(mut, seeds = [TokenVault::SEED, mint.key().as_ref()], bump = vault.bump, has_one = mint,
        constraint = vault.index == TokenVault::USDC @ QuantDeskError::WrongAccount)]
    pub vault: Box<Account<'info, TokenVault>>,
    #[account(mut, address = vault.token_account)]
    pub vault_tokens: Box<Account<'info, TokenAccount>>,
    #[account(mut, token::mint = mint, token::authority = authority)]
    pub user_tokens: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

impl<'info> PoolDeposit<'info> {
    fn validate(&self, amount: u64) -> Result<()> {
        let is_paused = self.security.is_paused(pause::DEPOSIT | pause::POOL);
        require!(!is_paused, QuantDeskError::Paused);
        require!(amount > 0, QuantDeskError::ZeroAmount);
        Ok(())
    }

    #[access_control(ctx.accounts.validate(amount))]
    pub fn pool_deposit(ctx: Context<'info, Self>, amount: u64, min_shares: u64) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let passed = ctx.remaining_accounts;
        let bump = ctx.bumps.pool_share;
        let accounts = ctx.accounts;
        let passed = accounts.vault.require_peg(passed, now)?;
        let worth = valuation::of_pool(passed, &accounts.pool, now)?;
        let minted = worth.minted(amount, accounts.pool.shares);
        let minted = minted.ok_or_else(|| error!(QuantDeskError::PoolInsolvent))?;
        require!(minted >= min_shares.max(1), QuantDeskError::SlippageExceeded);
        accounts.post(amount, minted, bump, now)?;
        accounts.pull(amount)?;
        emit!(PoolDeposited {
            sequence: accounts.pool.next_sequence(),
            at: now,
            owner: accounts.authority.key(),
            amount,
            shares: minted,
            shares_after: accounts.pool.shares,
            cash_after_e6: accounts.pool.cash_e6,
            equity_e6: worth.high().fits()?,
        });
        Ok(())
    }

    fn post(&mut self, amount: u64, minted: u64, bump: u8, now: i64) -> Result<()> {
        self.vault.take_in(amount, now)?;
        let pool = &mut self.pool;
        pool.cash_e6 = pool.cash_e6.checked_add(i64::try_from(amount).ok().fits()?).fits()?;
        pool.shares = pool.shares.checked_add(minted).fits()?;
        pool.lp_shares = pool.lp_shares.checked_add(minted).fits()?;
        let share = &mut self.pool_share;
        share.version = VERSION;
        share.bump = bump;
        share.owner = self.authority.key();
        share.shares = share.shares.checked_add(minted).fits()?;
        share.end_notice();
        Ok(())
    }

    fn pull(&self, amount: u64) -> Result<()> {
        Transfer {
            program: &self.token_program,
            mint: &self.mint,
            from: &self.user_tokens,
            to: &self.vault_tokens,
            authority: self.authority.to_account_info(),
        }
        .pull(amount)
    }
}
