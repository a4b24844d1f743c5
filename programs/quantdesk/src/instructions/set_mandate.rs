//! Caps what a key may do for an account; the owner's alone to give and to change.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;
use crate::events::MandateSet;
use crate::ledger::Fits;
use crate::state::{Mandate, MandateParams, UserAccount, VERSION};

#[derive(Accounts)]
#[instruction(delegate: Pubkey)]
pub struct SetMandate<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(mut, constraint = user_account.owner == authority.key()
        @ QuantDeskError::Unauthorized)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(
        init_if_needed, payer = authority, space = 8 + Mandate::INIT_SPACE,
        seeds = [Mandate::SEED, user_account.key().as_ref(), delegate.as_ref()], bump
    )]
    pub mandate: Box<Account<'info, Mandate>>,
    pub system_program: Program<'info, System>,
}

impl SetMandate<'_> {
    fn validate(&self, delegate: &Pubkey, params: &MandateParams, now: i64) -> Result<()> {
        require!(
            *delegate != Pubkey::default() && *delegate != self.user_account.owner,
            QuantDeskError::InvalidParameter
        );
        require!(
            (1..=UserAccount::LEVERAGE_MAX).contains(&params.max_leverage),
            QuantDeskError::LeverageTooHigh
        );
        require!(params.expires_at == 0 || params.expires_at > now, QuantDeskError::InvalidExpiry);
        Ok(())
    }

    pub fn set_mandate(ctx: Context<Self>, delegate: Pubkey, params: MandateParams) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        ctx.accounts.validate(&delegate, &params, now)?;
        let (user, mandate) = (&mut ctx.accounts.user_account, &mut ctx.accounts.mandate);
        if mandate.version == 0 {
            mandate.version = VERSION;
            mandate.bump = ctx.bumps.mandate;
            mandate.user_account = user.key();
            mandate.delegate = delegate;
            user.mandates = user.mandates.checked_add(1).fits()?;
        }
        mandate.set_params(&params);
        emit!(MandateSet {
            sequence: user.next_sequence(),
            at: now,
            user_account: user.key(),
            delegate,
            order_cap_e6: params.order_cap_e6,
            notional_cap_e6: params.notional_cap_e6,
            max_leverage: params.max_leverage,
            daily_loss_e6: params.daily_loss_e6,
            markets: params.markets,
            expires_at: params.expires_at,
        });
        Ok(())
    }
}
