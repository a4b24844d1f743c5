//! Lets the market look at its oracle: confirms jumps and refreshes the pool's value.

use anchor_lang::prelude::*;
use risk::books::Books;
use risk::oracle::{Action, Grade};

use crate::events::OraclePriceUpdated;
use crate::ledger::Fits;
use crate::oracle;
use crate::state::{Market, Pool};

#[derive(Accounts)]
pub struct UpdateOraclePrice<'info> {
    #[account(mut)]
    pub market: Box<Account<'info, Market>>,
    /// CHECK: parsed and compared with the oracle pinned in the market.
    pub oracle: UncheckedAccount<'info>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
}

impl UpdateOraclePrice<'_> {
    pub fn update_oracle_price(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let market = &mut accounts.market;
        let reading = oracle::read(&accounts.oracle, market)?;
        let grade = reading.grade(&market.terms(), &market.memory(), Action::Fund, now);
        market.remember(&reading, grade);
        if grade == Grade::Valid {
            let mut books =
                Books { sums: market.sums(), pool: accounts.pool.ledger(), ..Books::default() };
            books.revalue(reading.price_e6).fits()?;
            market.set_sums(&books.sums);
            accounts.pool.set_ledger(&books.pool);
        }
        emit!(OraclePriceUpdated {
            sequence: market.next_sequence(),
            at: now,
            market_index: market.index,
            price_e6: reading.price_e6,
            conf_e6: reading.conf_e6,
            publish_time: reading.publish_time,
            grade: grade as u8,
        });
        Ok(())
    }
}
