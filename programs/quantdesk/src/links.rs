//! Orders that belong together: a parent with its legs, a leg with its sibling.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;
use crate::records;
use crate::state::{reason, role, Market, Order, Position, UserAccount};

/// The order `id` that `order` is tied to, or none when it is gone. An account must be passed for
/// it in either case, so that nobody can leave a living one out.
pub fn linked(passed: Option<&AccountInfo>, order: &Order, id: u64) -> Result<Option<Box<Order>>> {
    let info = passed.ok_or_else(|| error!(QuantDeskError::WrongAccount))?;
    let found = records::read::<Order>(info);
    let user = &order.user_account;
    if let Some(other) = found {
        if other.user_account == *user && other.client_order_id == id {
            return Ok(Some(other).filter(|other| other.is_tied_to(order)));
        }
    }
    let seeds = [Order::SEED, user.as_ref(), &id.to_le_bytes()];
    let (address, _) = Pubkey::find_program_address(&seeds, &crate::ID);
    require_keys_eq!(*info.key, address, QuantDeskError::WrongAccount);
    Ok(None)
}

/// An order that lives, and the account that keeps it.
pub struct Link<'a, 'info> {
    pub info: &'a AccountInfo<'info>,
    pub order: Box<Order>,
}

impl Link<'_, '_> {
    /// Closes it unfilled; its rent goes to `owner`.
    pub fn close(
        &self,
        user: &mut UserAccount,
        owner: &AccountInfo,
        (reason, by): (u8, Pubkey),
        now: i64,
    ) -> Result<()> {
        user.open_orders -= 1;
        let sequence = user.next_sequence();
        emit!(self.order.cancelled(*self.info.key, sequence, now, (reason, by)));
        records::close(self.info, owner)
    }

    /// Wakes a leg for the position that its parent has opened; the next-price rule starts anew.
    pub fn wake(&mut self, position: &Position, market: &Market, clock: &Clock) -> Result<()> {
        self.order.role = role::AWAKE;
        self.order.opening = position.openings;
        self.order.placed_at = market.waits_from(clock.unix_timestamp);
        self.order.placed_slot = clock.slot;
        records::write(self.info, &*self.order)
    }

    /// Wakes a leg that can reduce `position`, closes another; tells whether it woke.
    pub fn wake_or_close(
        &mut self,
        (position, market): (&Position, &Market),
        user: &mut UserAccount,
        (owner, by): (&AccountInfo, Pubkey),
        clock: &Clock,
    ) -> Result<bool> {
        self.order.opening = position.openings;
        if self.order.has_lost(position) {
            self.close(user, owner, (reason::ORPHAN, by), clock.unix_timestamp)?;
            return Ok(false);
        }
        self.wake(position, market, clock)?;
        Ok(true)
    }
}
