//! Sells collateral of one account to another for USDC, at the oracle's low edge less a discount.
//!
//! Agreed when the seller's owner signs. Forced on an account that owes USDC and may be liquidated,
//! or owes more than the rest counts for: then no more is sold than the debt needs.

use anchor_lang::prelude::*;
use risk::collateral::{may_be_forced, Sale, AGREED_DISCOUNT_E6, FORCED_DISCOUNT_E6};
use risk::oracle::{Action, Reading};

use crate::errors::QuantDeskError;
use crate::events::CollateralConverted;
use crate::health::{elsewhere, require_covered};
use crate::ledger::Fits;
use crate::state::{pause, Security, TokenVault, UserAccount};

#[derive(Accounts)]
pub struct ConvertCollateral<'info> {
    pub buyer: Signer<'info>,
    /// Sells.
    #[account(mut)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(mut,
        constraint = buyer_account.owner == buyer.key() @ QuantDeskError::Unauthorized,
        constraint = buyer_account.key() != user_account.key() @ QuantDeskError::WrongAccount)]
    pub buyer_account: Box<Account<'info, UserAccount>>,
    /// The seller's owner agrees; without it the sale is forced.
    #[account(constraint = user_account.owner == owner.key() @ QuantDeskError::Unauthorized)]
    pub owner: Option<Signer<'info>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
    #[account(constraint = vault.index != TokenVault::USDC @ QuantDeskError::WrongAccount)]
    pub vault: Box<Account<'info, TokenVault>>,
    /// CHECK: parsed and compared with the oracle pinned in the vault.
    pub oracle: UncheckedAccount<'info>,
}

/// What changes hands.
struct Sold {
    amount: u64,
    usdc_e6: u64,
}

impl<'info> ConvertCollateral<'info> {
    pub fn convert_collateral(
        ctx: Context<'info, Self>,
        amount: u64,
        min_usdc_e6: u64,
        max_usdc_e6: u64,
    ) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let passed = ctx.remaining_accounts;
        let accounts = ctx.accounts;
        accounts.validate(amount)?;
        let reading = accounts.vault.read(&accounts.oracle, Action::Withdraw, now)?;
        let sellers = accounts.sellers_part(passed.len())?;
        let (of_seller, of_buyer) = passed.split_at(sellers);
        let sold = accounts.sold(amount, &reading, of_seller, now)?;
        require!(
            (min_usdc_e6..=max_usdc_e6).contains(&sold.usdc_e6),
            QuantDeskError::SlippageExceeded
        );
        accounts.post(&sold)?;
        require_covered(of_buyer, &accounts.buyer_account, Action::Withdraw, now)?;
        accounts.tell(&sold, &reading, now);
        Ok(())
    }

    fn is_forced(&self) -> bool {
        self.owner.is_none()
    }

    fn validate(&self, amount: u64) -> Result<()> {
        let bit = if self.is_forced() { pause::LIQUIDATE } else { pause::WITHDRAW };
        require!(!self.security.is_paused(bit), QuantDeskError::Paused);
        require!(amount > 0, QuantDeskError::ZeroAmount);
        Ok(())
    }

    /// How many of the accounts passed along tell of the seller, whom nobody weighs who agrees:
    /// a sale never lowers its equity.
    fn sellers_part(&self, passed: usize) -> Result<usize> {
        if !self.is_forced() {
            return Ok(0);
        }
        let part = self.user_account.risk_set_len();
        require!(part <= passed, QuantDeskError::WrongRiskSet);
        Ok(part)
    }

    #[inline(never)]
    fn sold(
        &self,
        amount: u64,
        reading: &Reading,
        of_seller: &'info [AccountInfo<'info>],
        now: i64,
    ) -> Result<Sold> {
        let forced = self.is_forced();
        let sale = Sale {
            decimals: self.vault.decimals,
            price_e6: reading.price_e6,
            conf_e6: reading.conf_e6,
            discount_e6: if forced { FORCED_DISCOUNT_E6 } else { AGREED_DISCOUNT_E6 },
        };
        let held = u64::try_from(self.user_account.balances[usize::from(self.vault.index)]);
        let held = held.unwrap_or_default();
        let amount = if forced {
            let needed = self.needed(&sale, held, of_seller, now)?;
            amount.min(held).min(needed)
        } else {
            require!(amount <= held, QuantDeskError::InsufficientBalance);
            amount
        };
        Ok(Sold { amount, usdc_e6: sale.proceeds_e6(amount).fits()? })
    }

    fn needed(
        &self,
        sale: &Sale,
        held: u64,
        of_seller: &'info [AccountInfo<'info>],
        now: i64,
    ) -> Result<u64> {
        let user = &self.user_account;
        let debt_e6 = user.usdc_e6().min(0).unsigned_abs();
        require!(debt_e6 > 0, QuantDeskError::NothingToPay);
        require!(held > 0, QuantDeskError::InsufficientBalance);
        let rest = elsewhere(of_seller, user, UserAccount::NO_MARKET, Action::Liquidate, now)?;
        require!(may_be_forced(&rest, user.usdc_e6()).fits()?, QuantDeskError::Healthy);
        sale.needed(debt_e6).fits()
    }

    fn post(&mut self, sold: &Sold) -> Result<()> {
        let place = usize::from(self.vault.index);
        let tokens = i64::try_from(sold.amount).ok().fits()?;
        let usdc = i64::try_from(sold.usdc_e6).ok().fits()?;
        let (seller, buyer) = (&mut self.user_account, &mut self.buyer_account);
        let cash = buyer.usdc_e6();
        require!(cash >= usdc, QuantDeskError::InsufficientBalance);
        buyer.require_room_for_kind(self.vault.index)?;
        buyer.set_usdc_e6(cash - usdc);
        buyer.balances[place] = buyer.balances[place].checked_add(tokens).fits()?;
        seller.balances[place] = seller.balances[place].checked_sub(tokens).fits()?;
        seller.credit_usdc(sold.usdc_e6)?;
        Ok(())
    }

    #[inline(never)]
    fn tell(&mut self, sold: &Sold, reading: &Reading, now: i64) {
        let place = usize::from(self.vault.index);
        emit!(CollateralConverted {
            sequence: self.user_account.next_sequence(),
            at: now,
            user_account: self.user_account.key(),
            buyer_account: self.buyer_account.key(),
            vault_index: self.vault.index,
            amount: sold.amount,
            usdc_e6: sold.usdc_e6,
            oracle_price_e6: reading.price_e6,
            oracle_conf_e6: reading.conf_e6,
            publish_time: reading.publish_time,
            forced: self.is_forced(),
            balance_after: self.user_account.balances[place],
            usdc_after_e6: self.user_account.usdc_e6(),
            buyer_balance_after: self.buyer_account.balances[place],
            buyer_usdc_after_e6: self.buyer_account.usdc_e6(),
            buyer_sequence: self.buyer_account.next_sequence(),
            buyer: self.buyer.key(),
        });
    }
}
