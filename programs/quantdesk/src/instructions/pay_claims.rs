//! Pays what the pool owes from earlier profits, pro rata, as far as its cash goes; anyone may call.

use anchor_lang::prelude::*;
use risk::claims::{index_after, payable_e6, Claim};

use crate::errors::QuantDeskError;
use crate::events::ClaimsPaid;
use crate::ledger::Fits;
use crate::state::{pause, Pool, Security, UserAccount};

#[derive(Accounts)]
pub struct PayClaims<'info> {
    #[account(mut)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
}

impl PayClaims<'_> {
    pub fn pay_claims(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        require!(!accounts.security.is_paused(pause::POOL), QuantDeskError::Paused);
        let distributed_e6 = accounts.distribute()?;
        let paid_e6 = accounts.pay()?;
        require!(distributed_e6 > 0 || paid_e6 > 0, QuantDeskError::NothingToPay);
        let (user, pool) = (&mut accounts.user_account, &accounts.pool);
        emit!(ClaimsPaid {
            sequence: user.next_sequence(),
            at: Clock::get()?.unix_timestamp,
            user_account: user.key(),
            paid_e6,
            distributed_e6,
            claims_after_e6: user.claims_e6,
            due_after_e6: user.claims_due_e6,
            balance_after_e6: user.usdc_e6(),
            pool_cash_after_e6: pool.cash_e6,
            pool_claims_after_e6: pool.claims_e6,
            pot_after_e6: pool.claims_pot_e6,
            index_after_e12: pool.claims_index_e12,
        });
        Ok(())
    }

    /// Sets cash aside for every claim alike.
    fn distribute(&mut self) -> Result<u64> {
        let pool = &mut self.pool;
        let amount = payable_e6(pool.claims_index_e12, pool.cash_e6, pool.claims_e6).fits()?;
        if amount == 0 {
            return Ok(0);
        }
        let index = index_after(pool.claims_index_e12, pool.claims_e6, amount).fits()?;
        pool.claims_index_e12 = index;
        pool.claims_e6 -= amount;
        pool.cash_e6 = pool.cash_e6.checked_sub(i64::try_from(amount).ok().fits()?).fits()?;
        pool.claims_pot_e6 = pool.claims_pot_e6.checked_add(amount).fits()?;
        Ok(amount)
    }

    /// Hands out what is due to this account.
    fn pay(&mut self) -> Result<u64> {
        let (user, pool) = (&mut self.user_account, &mut self.pool);
        let claim = Claim {
            held_e6: user.claims_e6,
            due_e6: user.claims_due_e6,
            mark_e12: user.claims_index_e12,
        };
        let marked = claim.marked(pool.claims_index_e12).fits()?;
        let paid_e6 = marked.due_e6.min(pool.claims_pot_e6);
        user.claims_e6 = marked.held_e6;
        user.claims_due_e6 = marked.due_e6 - paid_e6;
        user.claims_index_e12 = marked.mark_e12;
        pool.claims_pot_e6 -= paid_e6;
        let credited = user.credit_usdc(paid_e6)?;
        pool.total_user_usdc_e6 = pool.total_user_usdc_e6.checked_add(credited).fits()?;
        Ok(paid_e6)
    }
}
