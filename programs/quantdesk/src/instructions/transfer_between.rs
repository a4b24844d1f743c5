//! Moves USDC from one account of an owner to another account of the same owner.

use anchor_lang::prelude::*;
use risk::oracle::Action;

use crate::errors::QuantDeskError;
use crate::events::Transferred;
use crate::health::require_covered;
use crate::ledger::Fits;
use crate::state::{pause, Security, UserAccount};

#[derive(Accounts)]
pub struct TransferBetween<'info> {
    pub authority: Signer<'info>,
    #[account(mut, constraint = user_account.owner == authority.key()
        @ QuantDeskError::Unauthorized)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(mut,
        constraint = to_account.owner == authority.key() @ QuantDeskError::Unauthorized,
        constraint = to_account.key() != user_account.key() @ QuantDeskError::WrongAccount)]
    pub to_account: Box<Account<'info, UserAccount>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
}

impl<'info> TransferBetween<'info> {
    pub fn transfer_between(ctx: Context<'info, Self>, amount: u64) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let passed = ctx.remaining_accounts;
        let accounts = ctx.accounts;
        require!(amount > 0, QuantDeskError::ZeroAmount);
        require!(!accounts.security.is_paused(pause::WITHDRAW), QuantDeskError::Paused);
        let signed = i64::try_from(amount).ok().fits()?;
        let balance = accounts.user_account.usdc_e6();
        require!(balance >= signed, QuantDeskError::InsufficientBalance);
        accounts.user_account.set_usdc_e6(balance - signed);
        accounts.to_account.credit_usdc(amount)?;
        require_covered(passed, &accounts.user_account, Action::Withdraw, now)?;
        emit!(Transferred {
            sequence: accounts.user_account.next_sequence(),
            at: now,
            user_account: accounts.user_account.key(),
            to_account: accounts.to_account.key(),
            amount,
            balance_after: accounts.user_account.usdc_e6(),
            to_balance_after: accounts.to_account.usdc_e6(),
            to_sequence: accounts.to_account.next_sequence(),
        });
        Ok(())
    }
}
