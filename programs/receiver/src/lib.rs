//! Stand-in of the Pyth receiver for local chains: the same account, written by one poster.
//!
//! `PriceUpdateV2` has the name, and so the discriminator, and the layout of the real one. Real
//! clusters have the real receiver; this program is never deployed there.

use anchor_lang::prelude::*;

declare_id!("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ");

#[program]
pub mod receiver {
    use super::*;

    /// Writes a price as fully verified; the first poster of a feed keeps it.
    #[allow(clippy::too_many_arguments)] // The message's own fields, in its order.
    pub fn post_update(
        ctx: Context<PostUpdate>,
        feed_id: [u8; 32],
        price: i64,
        conf: u64,
        exponent: i32,
        publish_time: i64,
        prev_publish_time: i64,
        ema_price: i64,
        ema_conf: u64,
    ) -> Result<()> {
        let payer = ctx.accounts.payer.key();
        let update = &mut ctx.accounts.price_update;
        if update.write_authority == Pubkey::default() {
            update.write_authority = payer;
        }
        require_keys_eq!(update.write_authority, payer, ReceiverError::WrongWriteAuthority);
        update.verification_level = VerificationLevel::Full;
        update.price_message = PriceFeedMessage {
            feed_id,
            price,
            conf,
            exponent,
            publish_time,
            prev_publish_time,
            ema_price,
            ema_conf,
        };
        update.posted_slot = Clock::get()?.slot;
        Ok(())
    }
}

#[derive(Accounts)]
#[instruction(feed_id: [u8; 32])]
pub struct PostUpdate<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(
        init_if_needed, payer = payer, space = PriceUpdateV2::SPACE,
        seeds = [b"price", feed_id.as_ref()], bump
    )]
    pub price_update: Account<'info, PriceUpdateV2>,
    pub system_program: Program<'info, System>,
}

#[account]
pub struct PriceUpdateV2 {
    pub write_authority: Pubkey,
    pub verification_level: VerificationLevel,
    pub price_message: PriceFeedMessage,
    pub posted_slot: u64,
}

impl PriceUpdateV2 {
    /// Discriminator, authority, level (two bytes when partial), message, slot.
    pub const SPACE: usize = 8 + 32 + 2 + 84 + 8;
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy)]
pub enum VerificationLevel {
    Partial { num_signatures: u8 },
    Full,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy)]
pub struct PriceFeedMessage {
    pub feed_id: [u8; 32],
    pub price: i64,
    pub conf: u64,
    pub exponent: i32,
    pub publish_time: i64,
    pub prev_publish_time: i64,
    pub ema_price: i64,
    pub ema_conf: u64,
}

#[error_code]
pub enum ReceiverError {
    #[msg("Only the first poster of this feed may write it")]
    WrongWriteAuthority,
}
