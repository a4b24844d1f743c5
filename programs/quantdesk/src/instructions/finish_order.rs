//! What the end of an order does to those it is tied to.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;
use crate::events::BracketArmed;
use crate::instructions::execute_order::{End, ExecuteOrder};
use crate::links::{linked, Link};
use crate::state::{reason, role, Order};

impl ExecuteOrder<'_> {
    /// What the order is tied to: a parent's legs, a leg's sibling.
    pub(super) fn links(&self) -> Result<[Option<Box<Order>>; 2]> {
        let (order, ids) = (&self.order, self.order.link_ids);
        let first = self.first_link.as_ref().map(AsRef::as_ref);
        let second = self.second_link.as_ref().map(AsRef::as_ref);
        match order.role {
            role::PARENT => Ok([linked(first, order, ids[0])?, linked(second, order, ids[1])?]),
            role::AWAKE => {
                require!(second.is_none(), QuantDeskError::WrongAccount);
                Ok([linked(first, order, ids[0])?, None])
            }
            _ => {
                let has_none = first.is_none() && second.is_none();
                require!(has_none, QuantDeskError::WrongAccount);
                Ok([None, None])
            }
        }
    }

    /// One leg's fill closes the other; a parent's fill wakes its legs, its end closes them.
    #[inline(never)]
    pub(super) fn finish(
        &mut self,
        [first, second]: [Option<Box<Order>>; 2],
        end: End,
        clock: &Clock,
    ) -> Result<()> {
        let closing = match (self.order.role, end) {
            (role::AWAKE, End::Filled) => reason::SIBLING,
            (role::PARENT, End::Closed) => reason::ORPHAN,
            (role::PARENT, End::Filled) => return self.arm(first, second, clock),
            _ => return Ok(()),
        };
        let by = (closing, self.keeper.key());
        let owner = self.owner.as_ref();
        for (info, order) in [(&self.first_link, first), (&self.second_link, second)] {
            if let (Some(info), Some(order)) = (info, order) {
                let link = Link { info: info.as_ref(), order };
                link.close(&mut self.user_account, owner, by, clock.unix_timestamp)?;
            }
        }
        Ok(())
    }

    fn arm(
        &mut self,
        first: Option<Box<Order>>,
        second: Option<Box<Order>>,
        clock: &Clock,
    ) -> Result<()> {
        let to = (self.owner.as_ref(), self.keeper.key());
        let held = (&**self.position, &**self.market);
        let mut is_armed = false;
        for (info, order) in [(&self.first_link, first), (&self.second_link, second)] {
            if let (Some(info), Some(order)) = (info, order) {
                let mut link = Link { info: info.as_ref(), order };
                is_armed |= link.wake_or_close(held, &mut self.user_account, to, clock)?;
            }
        }
        if is_armed {
            emit!(BracketArmed {
                sequence: self.user_account.next_sequence(),
                at: clock.unix_timestamp,
                user_account: self.order.user_account,
                market_index: self.order.market_index,
                parent_id: self.order.client_order_id,
                take_profit_id: self.order.link_ids[0],
                stop_id: self.order.link_ids[1],
                opening: self.position.openings,
            });
        }
        Ok(())
    }
}
