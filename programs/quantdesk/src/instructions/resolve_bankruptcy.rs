//! Pays the debt of an account that holds nothing any more: the fund first, then the pool.
//!
//! A liquidation does this itself; what remains are accounts that closed themselves below zero and
//! debts that one day's allowance of the pool did not cover.

use anchor_lang::prelude::*;
use risk::books::Books;

use crate::errors::QuantDeskError;
use crate::events::BankruptcyResolved;
use crate::ledger::Fits;
use crate::state::{pause, InsuranceFund, Pool, Security, UserAccount};

#[derive(Accounts)]
pub struct ResolveBankruptcy<'info> {
    #[account(mut)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(mut, seeds = [InsuranceFund::SEED], bump = insurance.bump)]
    pub insurance: Box<Account<'info, InsuranceFund>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
}

impl ResolveBankruptcy<'_> {
    fn validate(&self) -> Result<()> {
        require!(!self.security.is_paused(pause::LIQUIDATE), QuantDeskError::Paused);
        let user = &self.user_account;
        require!(
            user.usdc_e6() < 0 && user.holds_only(UserAccount::NO_MARKET),
            QuantDeskError::NotBankrupt
        );
        Ok(())
    }

    #[access_control(ctx.accounts.validate())]
    pub fn resolve_bankruptcy(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let allowance = accounts.pool.allowance(now)?;
        let mut books = accounts.books();
        let insurance_paid_e6 = books.cover_by_insurance().fits()?;
        let pool_loss_e6 = books.cover_by_pool(allowance.left_e6()).fits()?;
        require!(insurance_paid_e6 + pool_loss_e6 > 0, QuantDeskError::NotBankrupt);
        accounts.pool.book_loss(pool_loss_e6, now)?;
        accounts.write(&books);
        emit!(BankruptcyResolved {
            sequence: accounts.user_account.next_sequence(),
            at: now,
            user_account: accounts.user_account.key(),
            insurance_paid_e6,
            pool_loss_e6,
            balance_after_e6: books.usdc_e6,
            pool_cash_after_e6: books.pool.cash_e6,
            insurance_after_e6: books.insurance_e6,
        });
        Ok(())
    }

    fn books(&self) -> Books {
        Books {
            usdc_e6: self.user_account.usdc_e6(),
            pool: self.pool.ledger(),
            insurance_e6: self.insurance.balance_e6,
            insurance_paid_e6: self.insurance.paid_e6,
            ..Books::default()
        }
    }

    fn write(&mut self, books: &Books) {
        self.user_account.set_usdc_e6(books.usdc_e6);
        self.pool.set_ledger(&books.pool);
        self.insurance.balance_e6 = books.insurance_e6;
        self.insurance.paid_e6 = books.insurance_paid_e6;
    }
}
