//! Closes a position or a part of it: a reduce-only market order under the next-price rule.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;
use crate::instructions::PlaceOrder;
use crate::ledger::Fits;
use crate::state::{kind, OrderParams};

impl<'info> PlaceOrder<'info> {
    pub fn close_position(ctx: Context<'info, Self>, params: OrderParams) -> Result<()> {
        require!(params.kind == kind::MARKET && params.reduce_only, QuantDeskError::InvalidOrder);
        let held = ctx.accounts.position.size_e9;
        if params.size_e9 != 0 {
            return Self::place_order(ctx, params);
        }
        require!(held != 0, QuantDeskError::NoPosition);
        let size_e9 = held.checked_neg().fits()?;
        Self::place_order(ctx, OrderParams { size_e9, ..params })
    }
}
