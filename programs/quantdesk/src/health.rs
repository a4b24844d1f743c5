//! The rest of an account: its other markets and collateral, read from the accounts passed along.
//!
//! For each entry of `open_markets` in order, but the market already named: market, oracle,
//! position; then for each vault besides USDC with a balance: vault, oracle. Nothing else.

use std::slice::Iter;

use anchor_lang::prelude::*;
use risk::closing::Elsewhere;
use risk::funding::owed_e6;
use risk::margin::{collateral_e6, Exposure};
use risk::oracle::Action;

use crate::errors::QuantDeskError;
use crate::ledger::Fits;
use crate::oracle;
use crate::state::{Market, Position, TokenVault, UserAccount};

/// Everything of `user` besides USDC and the market `named`, judged at `now` for `action`.
pub fn elsewhere<'info>(
    passed: &'info [AccountInfo<'info>],
    user: &Account<'info, UserAccount>,
    named: u16,
    action: Action,
    now: i64,
) -> Result<Elsewhere> {
    let mut rest = passed.iter();
    let mut sum = Elsewhere { is_empty: user.holds_only(named), ..Elsewhere::default() };
    for index in user.open_markets {
        if index != UserAccount::NO_MARKET && index != named {
            add_market(&mut sum, &mut rest, &user.key(), index, (action, now))?;
        }
    }
    for index in user.other_vaults() {
        add_vault(&mut sum, &mut rest, user.balances[index], index, (action, now))?;
    }
    require!(rest.next().is_none(), QuantDeskError::WrongRiskSet);
    Ok(sum)
}

/// What is left must cover the initial requirement; without positions and other collateral no
/// price is asked for.
pub fn require_covered<'info>(
    passed: &'info [AccountInfo<'info>],
    user: &Account<'info, UserAccount>,
    action: Action,
    now: i64,
) -> Result<()> {
    let rest = elsewhere(passed, user, UserAccount::NO_MARKET, action, now)?;
    let standing = rest.standing.with_cash(i128::from(user.usdc_e6())).fits()?;
    require!(standing.covers_initial(), QuantDeskError::InsufficientCollateral);
    Ok(())
}

#[inline(never)]
fn add_market<'info>(
    sum: &mut Elsewhere,
    rest: &mut Iter<'info, AccountInfo<'info>>,
    user: &Pubkey,
    index: u16,
    (action, now): (Action, i64),
) -> Result<()> {
    let market = typed::<Market>(next(rest)?)?;
    require!(market.index == index, QuantDeskError::WrongRiskSet);
    let reading = oracle::read(next(rest)?, &market)?;
    let position = typed::<Position>(next(rest)?)?;
    require!(
        position.user_account == *user && position.market_index == index,
        QuantDeskError::WrongRiskSet
    );
    let has_lapsed = oracle::admit_elsewhere(&market, &reading, action, now)?;
    let funding_index = market.accrued(&reading, now)?.funding_index;
    let terms = market.terms();
    let exposure = Exposure {
        tiers: &terms.tiers,
        size_e9: position.size_e9,
        entry_e6: position.entry_e6,
        leverage: position.max_leverage,
        price_e6: reading.price_e6,
        conf_e6: reading.conf_e6,
        funding_owed_e6: owed_e6(position.size_e9, funding_index, position.funding_index).fits()?,
    };
    let grown = if has_lapsed { sum.with_lapsed(&exposure) } else { sum.with(&exposure) };
    *sum = grown.fits()?;
    Ok(())
}

#[inline(never)]
fn add_vault<'info>(
    sum: &mut Elsewhere,
    rest: &mut Iter<'info, AccountInfo<'info>>,
    balance: i64,
    index: usize,
    (action, now): (Action, i64),
) -> Result<()> {
    let vault = typed::<TokenVault>(next(rest)?)?;
    require!(usize::from(vault.index) == index, QuantDeskError::WrongRiskSet);
    let reading = vault.read(next(rest)?, action, now)?;
    let value = |weight_e6: u32| {
        let (price, conf) = (reading.price_e6, reading.conf_e6);
        collateral_e6(balance, vault.decimals, price, conf, weight_e6).fits()
    };
    let (initial_e6, maintenance_e6) = vault.weights_e6(now)?;
    let kept_e6 = value(maintenance_e6)?;
    sum.standing = sum.standing.with_collateral(value(initial_e6)?, kept_e6).fits()?;
    sum.collateral_e6 = sum.collateral_e6.checked_add(kept_e6).fits()?;
    Ok(())
}

fn next<'info>(rest: &mut Iter<'info, AccountInfo<'info>>) -> Result<&'info AccountInfo<'info>> {
    rest.next().ok_or_else(|| error!(QuantDeskError::WrongRiskSet))
}

#[inline(never)]
fn typed<'info, T>(info: &'info AccountInfo<'info>) -> Result<Box<Account<'info, T>>>
where
    T: AccountSerialize + AccountDeserialize + Owner + Clone,
{
    Ok(Box::new(Account::try_from(info)?))
}
