//! Between accounts and arithmetic: books are read from accounts, and written back once.

use anchor_lang::prelude::*;
use risk::books::Books;

use crate::errors::QuantDeskError;
use crate::state::{InsuranceFund, Market, Pool, Position, UserAccount};

/// A number that did not fit becomes the program's own error.
pub trait Fits<T> {
    fn fits(self) -> Result<T>;
}

impl<T> Fits<T> for Option<T> {
    fn fits(self) -> Result<T> {
        self.ok_or_else(|| error!(QuantDeskError::MathOverflow))
    }
}

/// The records that one trade touches.
pub struct Records<'a> {
    pub user: &'a mut UserAccount,
    pub position: &'a mut Position,
    pub market: &'a mut Market,
    pub pool: &'a mut Pool,
}

impl Records<'_> {
    /// Their numbers; the fund's are zero when no fund takes part.
    pub fn books(&self, insurance: Option<&InsuranceFund>) -> Books {
        Books {
            usdc_e6: self.user.usdc_e6(),
            claims_e6: self.user.claims_e6,
            position: self.position.holding(),
            sums: self.market.sums(),
            pool: self.pool.ledger(),
            insurance_e6: insurance.map_or(0, |fund| fund.balance_e6),
            insurance_paid_e6: insurance.map_or(0, |fund| fund.paid_e6),
            claims_due_e6: self.user.claims_due_e6,
            claims_mark_e12: self.user.claims_index_e12,
            claims_index_e12: self.pool.claims_index_e12,
            claims_made_e6: 0,
        }
    }

    /// Writes the numbers back and keeps the list of open markets.
    pub fn write(&mut self, books: &Books, insurance: Option<&mut InsuranceFund>) -> Result<()> {
        self.note_result(books)?;
        self.note_opening(books);
        self.user.set_usdc_e6(books.usdc_e6);
        self.user.claims_e6 = books.claims_e6;
        self.user.claims_due_e6 = books.claims_due_e6;
        self.user.claims_index_e12 = books.claims_mark_e12;
        self.position.set_holding(&books.position);
        self.market.set_sums(&books.sums);
        self.pool.set_ledger(&books.pool);
        if let Some(fund) = insurance {
            fund.balance_e6 = books.insurance_e6;
            fund.paid_e6 = books.insurance_paid_e6;
        }
        if books.position.size_e9 == 0 {
            self.user.delist(self.market.index);
            return Ok(());
        }
        self.user.list(self.market.index)
    }

    fn note_result(&mut self, books: &Books) -> Result<()> {
        let claimed = i64::try_from(books.claims_made_e6).ok().fits()?;
        let moved = books.usdc_e6.checked_sub(self.user.usdc_e6()).fits()?;
        let brought = moved.checked_add(claimed).fits()?;
        self.user.result_e6 = self.user.result_e6.checked_add(brought).fits()?;
        Ok(())
    }

    fn note_opening(&mut self, books: &Books) {
        let (was, is) = (self.position.size_e9.signum(), books.position.size_e9.signum());
        if is != 0 && is != was {
            self.position.openings = self.position.openings.wrapping_add(1);
        }
    }
}
