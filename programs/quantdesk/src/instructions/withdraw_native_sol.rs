//! Moves free SOL collateral back to the owner's wallet as lamports.

use anchor_lang::prelude::*;
use anchor_spl::token::spl_token::native_mint;
use risk::oracle::Action;

use crate::errors::QuantDeskError;
use crate::events::Withdrawn;
use crate::health::require_covered;
use crate::ledger::Fits;
use crate::state::{pause, ProtocolSolVault, Security, TokenVault, UserAccount};

#[derive(Accounts)]
pub struct WithdrawNativeSol<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(mut, constraint = user_account.owner == authority.key() @ QuantDeskError::Unauthorized)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut, constraint = vault.mint == native_mint::ID @ QuantDeskError::WrongAccount)]
    pub vault: Box<Account<'info, TokenVault>>,
    #[account(mut, seeds = [ProtocolSolVault::SEED], bump = sol_vault.bump)]
    pub sol_vault: Box<Account<'info, ProtocolSolVault>>,
}

impl<'info> WithdrawNativeSol<'info> {
    fn validate(&self, amount: u64) -> Result<()> {
        require!(amount > 0, QuantDeskError::ZeroAmount);
        require!(!self.security.is_paused(pause::WITHDRAW), QuantDeskError::Paused);
        Ok(())
    }

    #[access_control(ctx.accounts.validate(amount))]
    pub fn withdraw_native_sol(ctx: Context<'info, Self>, amount: u64) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let passed = ctx.remaining_accounts;
        let accounts = ctx.accounts;
        let signed = i64::try_from(amount).ok().fits()?;
        let place = usize::from(accounts.vault.index);
        let balance = &mut accounts.user_account.balances[place];
        require!(*balance >= signed, QuantDeskError::InsufficientBalance);
        *balance -= signed;
        accounts.vault.let_out(amount, now)?;
        require_covered(passed, &accounts.user_account, Action::Withdraw, now)?;
        accounts.sol_vault.let_out(amount)?;
        accounts.sol_vault.sub_lamports(amount)?;
        accounts.authority.add_lamports(amount)?;
        let user = &mut accounts.user_account;
        emit!(Withdrawn {
            sequence: user.next_sequence(),
            at: now,
            user_account: user.key(),
            owner: user.owner,
            mint: accounts.vault.mint,
            vault_index: accounts.vault.index,
            amount,
            balance_after: user.balances[place],
        });
        Ok(())
    }
}
