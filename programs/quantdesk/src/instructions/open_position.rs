//! Opens, extends or flips a position: a market order under the next-price rule.

use anchor_lang::prelude::*;
use risk::position::is_reducing;

use crate::errors::QuantDeskError;
use crate::instructions::PlaceOrder;
use crate::state::{kind, OrderParams};

impl<'info> PlaceOrder<'info> {
    pub fn open_position(ctx: Context<'info, Self>, params: OrderParams) -> Result<()> {
        let reduces = is_reducing(ctx.accounts.position.size_e9, params.size_e9);
        require!(
            params.kind == kind::MARKET && !params.reduce_only && !reduces,
            QuantDeskError::InvalidOrder
        );
        Self::place_order(ctx, params)
    }
}
