//! Moves free collateral back to the wallet of the owner.

use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use risk::oracle::Action;

use crate::errors::QuantDeskError;
use crate::events::Withdrawn;
use crate::health::require_covered;
use crate::ledger::Fits;
use crate::state::{pause, Pool, Security, TokenVault, UserAccount};
use crate::tokens::Transfer;

#[derive(Accounts)]
pub struct WithdrawTokens<'info> {
    pub authority: Signer<'info>,
    #[account(mut, constraint = user_account.owner == authority.key() @ QuantDeskError::Unauthorized)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    pub mint: Box<Account<'info, Mint>>,
    #[account(mut, seeds = [TokenVault::SEED, mint.key().as_ref()], bump = vault.bump, has_one = mint)]
    pub vault: Box<Account<'info, TokenVault>>,
    #[account(mut, address = vault.token_account)]
    pub vault_tokens: Box<Account<'info, TokenAccount>>,
    #[account(mut, token::mint = mint, token::authority = authority)]
    pub user_tokens: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
}

impl<'info> WithdrawTokens<'info> {
    fn validate(&self, amount: u64) -> Result<()> {
        require!(amount > 0, QuantDeskError::ZeroAmount);
        require!(!self.security.is_paused(pause::WITHDRAW), QuantDeskError::Paused);
        Ok(())
    }

    #[access_control(ctx.accounts.validate(amount))]
    pub fn withdraw_tokens(ctx: Context<'info, Self>, amount: u64) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let passed = ctx.remaining_accounts;
        let accounts = ctx.accounts;
        accounts.debit(amount)?;
        accounts.vault.let_out(amount, now)?;
        require_covered(passed, &accounts.user_account, Action::Withdraw, now)?;
        require!(accounts.vault_tokens.amount >= amount, QuantDeskError::VaultShort);
        Transfer {
            program: &accounts.token_program,
            mint: &accounts.mint,
            from: &accounts.vault_tokens,
            to: &accounts.user_tokens,
            authority: accounts.vault.to_account_info(),
        }
        .push(amount, &accounts.vault)?;
        let user = &mut accounts.user_account;
        emit!(Withdrawn {
            sequence: user.next_sequence(),
            at: now,
            user_account: user.key(),
            owner: user.owner,
            mint: accounts.vault.mint,
            vault_index: accounts.vault.index,
            amount,
            balance_after: user.balances[usize::from(accounts.vault.index)],
        });
        Ok(())
    }

    fn debit(&mut self, amount: u64) -> Result<()> {
        let signed = i64::try_from(amount).ok().fits()?;
        let balance = &mut self.user_account.balances[usize::from(self.vault.index)];
        require!(*balance >= signed, QuantDeskError::InsufficientBalance);
        *balance -= signed;
        if self.vault.index == TokenVault::USDC {
            let total = self.pool.total_user_usdc_e6.checked_sub(signed).fits()?;
            self.pool.total_user_usdc_e6 = total;
        }
        Ok(())
    }
}
