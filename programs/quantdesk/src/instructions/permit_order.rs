//! What a mandate says when an order of its key executes: place-time answers can be outrun.

use anchor_lang::prelude::*;
use risk::books::Books;
use risk::execution::{standing_of, Filled};
use risk::mandate::{result_e6, Trial};
use risk::margin::Standing;
use risk::oracle::Reading;

use crate::instructions::execute_order::ExecuteOrder;
use crate::ledger::Fits;
use crate::mandates;
use crate::records;
use crate::state::{permission, Mandate};

/// Who answers for a trade that grows.
pub(super) enum Permit {
    /// The owner, or a key that nothing caps.
    Free,
    Bound(Box<Mandate>),
    /// A mandate that is gone, or whose key is.
    Lost,
}

impl ExecuteOrder<'_> {
    /// What may grow the account is asked again: the mandate may have ended since.
    pub(super) fn permit(&self, binding: Option<Box<Mandate>>, now: i64) -> Result<Permit> {
        let (order, user) = (&self.order, &self.user_account);
        mandates::require_shown(self.mandate.as_ref(), user, &order.placed_by)?;
        let is_dismissed = !user.permits(&order.placed_by, permission::PLACE, now);
        Ok(match binding {
            _ if is_dismissed => Permit::Lost,
            Some(mandate) => Permit::Bound(mandate),
            None if order.is_mandated => Permit::Lost,
            None => Permit::Free,
        })
    }

    pub(super) fn allows(
        &self,
        permit: &Permit,
        trade_e9: i64,
        reading: &Reading,
        now: i64,
    ) -> Result<bool> {
        let index = self.market.index;
        match permit {
            Permit::Free => Ok(true),
            Permit::Lost => Ok(false),
            Permit::Bound(mandate) => {
                let caps = mandate.caps();
                let judged = caps.breach_of_order(index, trade_e9, reading.price_e6, now);
                Ok(judged.fits()?.is_ok())
            }
        }
    }

    /// Counts a fill against the mandate's day; false when a cap does not hold.
    #[inline(never)]
    pub(super) fn count(
        &self,
        permit: &mut Permit,
        filled: &Filled,
        (reading, others): (&Reading, &Standing),
        now: i64,
    ) -> Result<bool> {
        let (Permit::Bound(mandate), Some(info)) = (permit, &self.mandate) else {
            return Ok(true);
        };
        let trial = self.trial(filled, (reading, others), now)?;
        match mandate.caps().breach_of_trial(&mandate.day_start(), &trial, now).fits()? {
            Err(_) => Ok(false),
            Ok(start) => {
                mandate.set_day_start(&start);
                records::write(info, &**mandate)?;
                Ok(true)
            }
        }
    }

    #[inline(never)]
    fn trial(
        &self,
        filled: &Filled,
        (reading, others): (&Reading, &Standing),
        now: i64,
    ) -> Result<Box<Trial>> {
        let user = &self.user_account;
        let mut books = Box::new(Books {
            usdc_e6: user.usdc_e6(),
            position: self.position.holding(),
            sums: self.market.accrued(reading, now)?,
            pool: self.pool.ledger(),
            ..Books::default()
        });
        books.settle_funding().fits()?;
        let terms = self.market.terms();
        let standing = standing_of(&terms, &books, reading, others).fits()?;
        let (banked_e6, usdc_e6) = (user.result_e6, user.usdc_e6());
        let (after, books_after) = (&filled.standing, &filled.books);
        Ok(Box::new(Trial {
            size_after_e9: books_after.position.size_e9,
            price_e6: reading.price_e6,
            standing: *after,
            checks_leverage: true,
            before_e6: result_e6(banked_e6, usdc_e6, &books, &standing).fits()?,
            after_e6: result_e6(banked_e6, usdc_e6, books_after, after).fits()?,
        }))
    }
}
