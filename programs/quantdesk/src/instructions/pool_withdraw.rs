//! Sells waiting shares back to the pool at the edge that makes the pool cheaper.

use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use risk::shares::Valuation;

use crate::errors::QuantDeskError;
use crate::events::PoolWithdrawn;
use crate::ledger::Fits;
use crate::state::{pause, Pool, PoolShare, Security, TokenVault};
use crate::tokens::Transfer;
use crate::valuation;

#[derive(Accounts)]
pub struct PoolWithdraw<'info> {
    pub authority: Signer<'info>,
    #[account(mut, seeds = [PoolShare::SEED, authority.key().as_ref()], bump = pool_share.bump)]
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
}

impl<'info> PoolWithdraw<'info> {
    fn validate(&self, now: i64) -> Result<()> {
        let is_paused = self.security.is_paused(pause::WITHDRAW | pause::POOL);
        require!(!is_paused, QuantDeskError::Paused);
        require!(self.pool_share.pending_shares > 0, QuantDeskError::ZeroAmount);
        self.pool_share.require_ripe(now)
    }

    pub fn pool_withdraw(ctx: Context<'info, Self>, min_amount: u64) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let passed = ctx.remaining_accounts;
        let accounts = ctx.accounts;
        accounts.validate(now)?;
        let worth = valuation::of_pool(passed, &accounts.pool, now)?;
        let burned = accounts.pool_share.pending_shares;
        let amount = worth.redeemed_e6(burned, accounts.pool.shares).fits()?;
        require!(amount >= min_amount.max(1), QuantDeskError::SlippageExceeded);
        accounts.require_reserve(amount, &worth)?;
        accounts.post(amount, burned, now)?;
        accounts.push(amount)?;
        emit!(PoolWithdrawn {
            sequence: accounts.pool.next_sequence(),
            at: now,
            owner: accounts.authority.key(),
            amount,
            shares: burned,
            shares_after: accounts.pool.shares,
            cash_after_e6: accounts.pool.cash_e6,
            equity_e6: worth.low().fits()?,
        });
        Ok(())
    }

    fn require_reserve(&self, amount: u64, worth: &Valuation) -> Result<()> {
        let has_cash = i128::from(amount) <= i128::from(self.pool.cash_e6);
        let keeps_reserve = worth.covers_reserve_without(amount).fits()?;
        require!(has_cash && keeps_reserve, QuantDeskError::PoolReserve);
        Ok(())
    }

    fn post(&mut self, amount: u64, burned: u64, now: i64) -> Result<()> {
        self.vault.let_out(amount, now)?;
        let pool = &mut self.pool;
        pool.cash_e6 = pool.cash_e6.checked_sub(i64::try_from(amount).ok().fits()?).fits()?;
        pool.shares = pool.shares.checked_sub(burned).fits()?;
        pool.lp_shares = pool.lp_shares.checked_sub(burned).fits()?;
        let share = &mut self.pool_share;
        share.shares = share.shares.checked_sub(burned).fits()?;
        share.end_notice();
        Ok(())
    }

    fn push(&self, amount: u64) -> Result<()> {
        Transfer {
            program: &self.token_program,
            mint: &self.mint,
            from: &self.vault_tokens,
            to: &self.user_tokens,
            authority: self.vault.to_account_info(),
        }
        .push(amount, &self.vault)
    }
}
