//! What the pool is worth now: every market, read from the accounts passed along.
//!
//! For each market in the order of its index: the market, and its oracle when anything is open.

use anchor_lang::prelude::*;
use risk::oracle::Action;
use risk::shares::Valuation;

use crate::errors::QuantDeskError;
use crate::ledger::Fits;
use crate::oracle;
use crate::state::{Market, Pool};

/// The pool at both edges of fresh prices; funding is brought to `now` without being written.
pub fn of_pool<'info>(
    passed: &'info [AccountInfo<'info>],
    pool: &Pool,
    now: i64,
) -> Result<Valuation> {
    let mut rest = passed.iter();
    let mut sum = Valuation::of_cash(pool.cash_e6, pool.claims_e6);
    for index in 0..pool.market_count {
        let account = rest.next().ok_or_else(|| error!(QuantDeskError::WrongRiskSet))?;
        let market = market_at(account, index)?;
        if market.long_e9 == 0 && market.short_e9 == 0 {
            continue;
        }
        let account = rest.next().ok_or_else(|| error!(QuantDeskError::WrongRiskSet))?;
        let reading = oracle::read(account, &market)?;
        oracle::admit(&market, &reading, Action::Grow, now)?;
        sum = sum.with(&market.accrued(&reading, now)?, &reading).fits()?;
    }
    require!(rest.next().is_none(), QuantDeskError::WrongRiskSet);
    Ok(sum)
}

#[inline(never)]
fn market_at<'info>(
    account: &'info AccountInfo<'info>,
    index: u16,
) -> Result<Box<Account<'info, Market>>> {
    let market = Box::new(Account::<Market>::try_from(account)?);
    require!(market.index == index, QuantDeskError::WrongRiskSet);
    Ok(market)
}
