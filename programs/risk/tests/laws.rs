//! Laws at the borders, one case each: what the golden files and the story do not reach.

use risk::books::Books;
use risk::claims::{index_after, payable_e6, Claim, ONE, UNPAID_MIN};
use risk::closing::{close, Elsewhere};
use risk::execution::{fill, Refusal, Request};
use risk::fees::FeeSplit;
use risk::funding::index_at;
use risk::liquidation::{close_size_e9, penalty, releasable_e6, Penalty};
use risk::margin::{collateral_e6, Exposure, Standing};
use risk::market::{Sums, Terms, Tier};
use risk::oracle::{Action, Grade, Memory, Reading};
use risk::pool::Pool;
use risk::position::Position;
use risk::profit::deleverage;
use risk::shares::Valuation;

const USD: i64 = 1_000_000;
const BASE: i64 = 1_000_000_000;
const FLAT_TIER: Tier =
    Tier { notional_cap_e6: u64::MAX, max_leverage: 20, imr_e6: 50_000, mmr_e6: 25_000 };

fn sol() -> Terms {
    Terms {
        spread_e6: 200,
        impact_e6: 3_000,
        skew_scale_e9: 100_000_000_000_000,
        conf_weight_e6: 1_000_000,
        funding_max_e6: 1_000,
        liquidation_fee_e6: 10_000,
        oi_cap_e9: 200_000_000_000_000,
        account_cap_e9: 50_000_000_000_000,
        tiers: [FLAT_TIER; 4],
        ..Terms::default()
    }
}

fn at(price_usd: u64) -> Reading {
    Reading { price_e6: price_usd * 1_000_000, conf_e6: 50_000, publish_time: 1 }
}

fn start() -> Books {
    Books {
        usdc_e6: 1_000 * USD,
        insurance_e6: 50_000_000_000,
        pool: Pool { cash_e6: 1_000_000 * USD, total_user_usdc_e6: 1_000 * USD, ..Pool::default() },
        ..Books::default()
    }
}

fn order(trade_e9: i64) -> Request {
    Request {
        trade_e9,
        bound_e6: if trade_e9 > 0 { u64::MAX } else { 0 },
        fee_rate_e6: 500,
        keeper_reward_e6: 0,
        leverage: 20,
        has_room: true,
        checks_pool: true,
        is_late: false,
    }
}

fn refusal(terms: &Terms, books: &Books, trade_e9: i64) -> Option<Refusal> {
    fill(terms, books, &order(trade_e9), &at(150), &Standing::default()).unwrap().err()
}

/// 100 SOL bought at 150 by `start`.
fn long() -> Books {
    fill(&sol(), &start(), &order(100 * BASE), &at(150), &Standing::default())
        .unwrap()
        .unwrap()
        .books
}

fn exposure(terms: &Terms, owed_e6: i64) -> Exposure<'_> {
    Exposure {
        tiers: &terms.tiers,
        size_e9: 10 * BASE,
        entry_e6: 1_500 * USD,
        leverage: 20,
        price_e6: 150_000_000,
        conf_e6: 0,
        funding_owed_e6: owed_e6,
    }
}

#[test]
fn time_that_runs_back_moves_no_funding() {
    let sums = Sums { long_e9: 100, funding_index: 7, funding_at: 1_000, ..Sums::default() };

    assert_eq!(index_at(&sol(), &sums, 150_000_000, 400), Some(7));
}

#[test]
fn unpaid_funding_counts_against_opening_and_against_keeping() {
    let terms = sol();
    let cash = Standing::of_cash(100 * USD);
    let free = cash.with(&exposure(&terms, 0)).unwrap();
    let owing = cash.with(&exposure(&terms, 3)).unwrap();

    assert_eq!(free.initial_equity_e6 - owing.initial_equity_e6, 3);
    assert_eq!(free.maintenance_equity_e6 - owing.maintenance_equity_e6, 3);
}

#[test]
fn collateral_rounds_down_and_counts_to_open_and_to_keep() {
    let both = Standing::default().with_collateral(10, 20).unwrap();

    assert_eq!(collateral_e6(7, 9, 150_000_000, 0, 999_999), Some(1));
    assert_eq!((both.initial_equity_e6, both.maintenance_equity_e6), (10, 20));
}

#[test]
fn health_rounds_down() {
    let third = Standing { maintenance_equity_e6: 2, maintenance_e6: 3, ..Standing::default() };

    assert_eq!(third.health_e6(), Some(666_666));
}

#[test]
fn requirements_elsewhere_make_a_liquidation_larger() {
    let terms = sol();
    let held = exposure(&terms, 0);
    let alone = close_size_e9(&held, 10_000, 0, 0, 30 * i128::from(USD)).unwrap();
    let beside =
        close_size_e9(&held, 10_000, 0, 10 * i128::from(USD), 30 * i128::from(USD)).unwrap();

    assert!(beside > alone);
}

#[test]
fn a_tier_holds_up_to_its_cap_and_not_a_unit_more() {
    let small = Tier { notional_cap_e6: 1_500_000_000, mmr_e6: 5_000, ..FLAT_TIER };
    let terms = Terms { tiers: [small, FLAT_TIER, FLAT_TIER, FLAT_TIER], ..sol() };
    let full = exposure(&terms, 0);
    let over = Exposure { size_e9: full.size_e9 + 1, ..full };

    assert_eq!(full.maintenance_fraction_e6(), Some(5_000));
    assert_eq!(over.maintenance_fraction_e6(), Some(25_000));
}

#[test]
fn a_hundred_dollars_close_in_part_and_less_as_a_whole() {
    let terms = sol();
    let hundred = Exposure { size_e9: BASE, price_e6: 100_000_000, ..exposure(&terms, 0) };
    let less = Exposure { size_e9: BASE - 10, ..hundred };
    let close = |held: &Exposure| close_size_e9(held, 10_000, 0, 0, 4_000_000).unwrap();

    assert!(close(&hundred) < 1_000_000_000);
    assert_eq!(close(&less), 999_999_990);
}

#[test]
fn a_penalty_takes_the_closed_share_of_the_equity_at_most() {
    let bound = releasable_e6(6_000_000, 100_000_000, 50_000_000).unwrap();
    let taken = penalty(10_000, 1_000 * USD, USD, bound).unwrap();

    assert_eq!((taken.penalty_e6(), taken.impact_e6), (Some(3_000_000), 0));
}

#[test]
fn the_pot_holds_what_even_a_large_claim_may_fetch() {
    let (owed, paid) = (3_000_000_000_000_000, 1_000_000_000_000_001);
    let index = index_after(0, owed, paid).unwrap();
    let claim = Claim { held_e6: owed, ..Claim::default() }.marked(index).unwrap();

    assert!(claim.due_e6 <= paid);
    assert!(claim.due_e6 >= paid - 1_000 - 1, "a part in 10^12 of the claim may wait");
}

#[test]
fn whatever_is_set_aside_reaches_its_claimants_but_for_a_unit() {
    let (mut index, mut owed, mut pot) = (0, 3_000_000_000_000_000_u64, 0);
    let mut claim = Claim { held_e6: owed, ..Claim::default() };
    for _ in 0..400 {
        let cash = i64::try_from(owed / 10).unwrap();
        let paid = payable_e6(index, cash, owed).unwrap();
        index = index_after(index, owed, paid).unwrap();
        owed -= paid;
        pot += paid;
        claim = claim.marked(index).unwrap();

        assert!(claim.due_e6 <= pot && pot - claim.due_e6 <= 400);
        assert!(ONE - index % ONE >= UNPAID_MIN);
        // New claims of the same size arise, as in any long drought.
        owed += paid;
        claim.held_e6 += paid;
    }
    assert_eq!(payable_e6(index, i64::try_from(owed).unwrap(), owed), Some(owed));
}

#[test]
fn each_action_accepts_its_worst_grade_and_no_worse_one() {
    let accepted = |action: Action| action.worst_accepted();

    assert_eq!(accepted(Action::Grow), Grade::Valid);
    assert_eq!(accepted(Action::Withdraw), Grade::Valid);
    assert_eq!(accepted(Action::Fund), Grade::Valid);
    assert_eq!(accepted(Action::Reduce), Grade::Wide);
    assert_eq!(accepted(Action::Liquidate), Grade::Wide);
    assert!(Grade::Wide < Grade::Stale && Grade::Stale < Grade::Jumped);
}

#[test]
fn a_price_of_the_same_second_or_an_older_jump_is_not_remembered() {
    let memory = Memory {
        last_price_e6: 100,
        last_publish_time: 10,
        pending_price_e6: 150,
        pending_publish_time: 20,
        ..Memory::default()
    };
    let reading = |publish_time| Reading { price_e6: 101, conf_e6: 0, publish_time };

    assert_eq!(memory.after(&reading(10), Grade::Valid), memory);
    assert_eq!(memory.after(&reading(20), Grade::Jumped), memory);
    assert_eq!(memory.after(&reading(11), Grade::Valid).last_price_e6, 101);
    assert_eq!(memory.after(&reading(21), Grade::Jumped).pending_price_e6, 101);
}

#[test]
fn every_posting_moves_the_sum_over_users_with_the_user() {
    let mut books = start();
    let split = FeeSplit { fee_e6: 60, insurance_e6: 10, keeper_e6: 20, pool_e6: 30 };
    books.pay_fee(&split).unwrap();
    books.pay_penalty(&Penalty { insurance_e6: 5, liquidator_e6: 4, impact_e6: 3 }).unwrap();
    books.pay_pool(-100).unwrap();

    assert_eq!(books.usdc_e6, 1_000 * USD - 60 - 12 + 100);
    assert_eq!(books.pool.total_user_usdc_e6, books.usdc_e6);
    assert_eq!(books.position.fees_paid_e6, 60);
}

#[test]
fn a_new_claim_has_no_part_in_what_was_paid_before_it() {
    let mut books = Books { claims_e6: 100, ..start() };
    books.pool.cash_e6 = 0;
    books.pool.claims_e6 = 50;
    books.claims_index_e12 = index_after(0, 100, 50).unwrap();
    books.pay_pool(-30).unwrap();

    assert_eq!((books.claims_e6, books.claims_due_e6), (80, 50));
    assert_eq!(books.claims_mark_e12, ONE / 2);
}

#[test]
fn a_debt_is_paid_only_from_cash_that_is_there() {
    let mut books = Books { usdc_e6: -100, ..start() };
    books.pool.cash_e6 = 40;

    assert_eq!(books.cover_by_pool(90), Some(40));
    assert_eq!(books.cover_by_pool(90), Some(0));
    assert_eq!(books.usdc_e6, -60);
}

#[test]
fn each_side_meets_its_own_cap_and_only_when_it_grew() {
    let capped = Terms { oi_cap_e9: 50_000_000_000, ..sol() };
    let mut crowded = start();
    crowded.sums.long_e9 = 60_000_000_000;
    crowded.sums.entry_sum_e6 = 9_000 * USD;

    assert_eq!(refusal(&capped, &crowded, -50 * BASE), None);
    assert_eq!(refusal(&capped, &start(), -51 * BASE), Some(Refusal::OpenInterest));
    assert_eq!(refusal(&capped, &start(), 51 * BASE), Some(Refusal::OpenInterest));
}

#[test]
fn a_trade_that_relieves_a_full_pool_is_filled() {
    let mut full = start();
    full.pool.cash_e6 = 5_000 * USD;
    full.sums.long_e9 = 100_000_000_000;
    full.sums.entry_sum_e6 = 15_000 * USD;

    assert_eq!(refusal(&sol(), &full, -50 * BASE), None);
    assert_eq!(refusal(&sol(), &full, 50 * BASE), Some(Refusal::PoolReserve));
}

#[test]
fn a_flip_counts_the_new_side_s_snapshot_and_size() {
    let mut books = long();
    books.usdc_e6 = 9_000 * USD;
    books.sums.funding_index = 150_000_000;
    let none = Standing::default();
    let flipped = fill(&sol(), &books, &order(-150 * BASE), &at(150), &none).unwrap().unwrap();

    assert_eq!(flipped.books.sums.long_e9, 0);
    assert_eq!(flipped.books.sums.short_e9, 50_000_000_000);
    assert_eq!(flipped.books.sums.funding_snapshot_sum, -50_000_000_000 * 150_000_000);
    assert_eq!(flipped.books.position.funding_index, 150_000_000);
}

#[test]
fn the_initial_requirement_is_met_after_the_fee_to_the_unit() {
    let filled = fill(&sol(), &start(), &order(100 * BASE), &at(150), &Standing::default());
    let standing = filled.unwrap().unwrap().standing;
    let spare = i64::try_from(standing.initial_equity_e6 - standing.initial_e6).unwrap();
    let exact = Books { usdc_e6: start().usdc_e6 - spare, ..start() };
    let lacking = Books { usdc_e6: exact.usdc_e6 - 1, ..start() };

    assert_eq!(refusal(&sol(), &exact, 100 * BASE), None);
    assert_eq!(refusal(&sol(), &lacking, 100 * BASE), Some(Refusal::Margin));
}

#[test]
fn a_liquidator_never_closes_more_than_is_needed() {
    let books = long();
    let alone = Elsewhere { is_empty: true, ..Elsewhere::default() };
    let closed = |max| close(&sol(), &books, &at(143), &alone, max, 0).unwrap().unwrap().trade_e9;

    assert!(closed(0) > -100 * BASE);
    assert_eq!(closed(99_999_999_999), closed(0));
}

#[test]
fn a_position_that_is_left_is_not_made_whole_by_the_fund() {
    let mut books = long();
    books.usdc_e6 = -200 * USD;
    let alone = Elsewhere { is_empty: true, ..Elsewhere::default() };
    let outcome = close(&sol(), &books, &at(155), &alone, 10_000_000_000, u64::MAX).unwrap();
    let closed = outcome.unwrap();

    assert!(closed.books.position.size_e9 > 0);
    assert!(closed.books.usdc_e6 < 0);
    assert_eq!((closed.insurance_paid_e6, closed.pool_loss_e6), (0, 0));
}

#[test]
fn a_short_is_liquidated_by_buying() {
    let none = Standing::default();
    let short = fill(&sol(), &start(), &order(-100 * BASE), &at(150), &none).unwrap().unwrap();
    let alone = Elsewhere { is_empty: true, ..Elsewhere::default() };
    let closed = close(&sol(), &short.books, &at(157), &alone, 0, 0).unwrap().unwrap();

    assert!(closed.trade_e9 > 0);
    assert!(closed.books.position.size_e9 < 0);
}

#[test]
fn deleveraging_takes_no_more_than_the_heavier_side_is_heavier() {
    let mut books = long();
    books.sums.short_e9 = 70_000_000_000;
    books.sums.entry_sum_e6 -= 10_500 * USD;
    books.pool.cash_e6 = -5_000 * USD;
    let taken = |max| deleverage(&books, &at(160), max).unwrap().unwrap().trade_e9;

    assert_eq!(taken(0), -30 * BASE);
    assert_eq!(taken(7), -7);
}

#[test]
fn a_loss_is_never_deleveraged() {
    let mut books = long();
    books.pool.cash_e6 = -5_000 * USD;
    books.position = Position { entry_e6: 16_000 * USD, ..books.position };

    assert!(deleverage(&books, &at(160), 0).unwrap().is_err());
}

#[test]
fn shares_round_for_those_who_stay() {
    let worth = Valuation { low_e6: 100, high_e6: 101, reserve_e6: 0 };

    assert_eq!(worth.minted(10, 33), Some(3));
    assert_eq!(worth.redeemed_e6(1, 33), Some(3));
}

#[test]
fn every_market_s_reserve_is_counted_before_money_leaves() {
    let sums = Sums { long_e9: 1_000_000_000, entry_sum_e6: 150 * USD, ..Sums::default() };
    let one = Valuation::of_cash(1_000 * USD, 0).with(&sums, &at(150)).unwrap();
    let two = one.with(&sums, &at(150)).unwrap();

    assert_eq!(one.reserve_e6, 75_000_000);
    assert_eq!(two.reserve_e6, 150_000_000);
}

#[test]
fn terms_keep_liquidation_dear_and_tiers_in_order() {
    let exact = Terms { liquidation_fee_e6: 200 + 6_000, ..sol() };
    let cheap = Terms { liquidation_fee_e6: 200 + 5_999, ..sol() };
    let with = |second: Tier| Terms { tiers: [FLAT_TIER, second, second, second], ..sol() };

    assert_eq!(exact.liquidation_is_dear_enough(), Some(true));
    assert_eq!(cheap.liquidation_is_dear_enough(), Some(false));
    assert!(sol().tiers_are_ordered());
    assert!(!with(Tier { mmr_e6: 24_999, ..FLAT_TIER }).tiers_are_ordered());
    assert!(!with(Tier { imr_e6: 49_999, ..FLAT_TIER }).tiers_are_ordered());
    assert!(!with(Tier { mmr_e6: 50_000, ..FLAT_TIER }).tiers_are_ordered());
}

#[test]
fn the_skew_is_long_less_short() {
    let sums = Sums { long_e9: 5, short_e9: 8, ..Sums::default() };

    assert_eq!(sums.skew_e9(), -3);
}
