//! The golden files: what the Python twin computed, this crate must compute to the unit.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use risk::claims::{index_after, payable_e6, Claim};
use risk::collateral::{ramped_e6, Sale};
use risk::cost::{adverse_impact_e6, closing_cost_e6, trade_cost_e6};
use risk::fees::{faded_reward_e6, fee_split};
use risk::funding::{index_step, owed_e6, rate_e6};
use risk::liquidation::{close_size_e9, penalty, penalty_fraction_e6, releasable_e6};
use risk::margin::Exposure;
use risk::market::{Sums, Terms, Tier};
use risk::oracle::{reading_of, Action, Memory, Reading};
use risk::outflow::{Bucket, Outcome};
use risk::pool::{market_reserve_e6, market_value_e6};
use risk::position::Position;
use risk::trigger::{moved_watermark_e6, Trigger};

type Numbers = BTreeMap<String, i128>;

struct Case {
    name: String,
    given: Numbers,
    taken: Numbers,
}

/// The quoted strings of a golden file, in order; nothing else in it carries meaning.
fn strings(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Cases of a file that is a list of `"name" … "in" {…} "out" {…}`.
fn cases(call: &str) -> Vec<Case> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden")
        .join(format!("{call}.json"));
    let text = fs::read_to_string(&path).unwrap();
    let (_, list) = text.split_once("\"cases\"").unwrap();
    list.split("\"name\"")
        .skip(1)
        .map(|part| {
            let (head, rest) = part.split_once("\"in\"").unwrap();
            let (given, taken) = rest.split_once("\"out\"").unwrap();
            Case { name: strings(head).remove(0), given: numbers(given), taken: numbers(taken) }
        })
        .collect()
}

fn numbers(object: &str) -> Numbers {
    strings(object)
        .chunks_exact(2)
        .map(|pair| (pair[0].clone(), pair[1].parse().unwrap()))
        .collect()
}

fn get<T: TryFrom<i128>>(given: &Numbers, name: &str) -> T
where
    T::Error: std::fmt::Debug,
{
    T::try_from(given[name]).unwrap()
}

fn or<T: TryFrom<i128>>(given: &Numbers, name: &str, default: T) -> T
where
    T::Error: std::fmt::Debug,
{
    match given.get(name) {
        Some(found) => T::try_from(*found).unwrap(),
        None => default,
    }
}

fn check(call: &str, compute: impl Fn(&Numbers) -> Vec<(&'static str, i128)>) {
    let all = cases(call);
    assert!(all.len() >= 60, "{call} has only {} cases", all.len());
    for case in all {
        let found: Numbers = compute(&case.given)
            .into_iter()
            .map(|(name, number)| (name.to_owned(), number))
            .collect();
        assert_eq!(found, case.taken, "{call}: {}", case.name);
    }
}

fn tier(cap_usd: u64, max_leverage: u16, imr_e6: u32, mmr_e6: u32) -> Tier {
    Tier { notional_cap_e6: cap_usd.saturating_mul(1_000_000), max_leverage, imr_e6, mmr_e6 }
}

/// SOL's terms, with what the case names.
fn terms(given: &Numbers) -> Terms {
    let tiers = match given.get("imr_e6") {
        Some(_) => [tier(u64::MAX, 20, get(given, "imr_e6"), get(given, "mmr_e6")); 4],
        None => [
            tier(10_000, 100, 10_000, 5_000),
            tier(100_000, 50, 20_000, 10_000),
            tier(1_000_000, 20, 50_000, 25_000),
            tier(u64::MAX, 10, 100_000, 50_000),
        ],
    };
    Terms {
        spread_e6: or(given, "spread_e6", 200),
        impact_e6: or(given, "impact_e6", 3_000),
        skew_scale_e9: 100_000_000_000_000,
        taker_fee_e6: 500,
        limit_fee_e6: 200,
        funding_max_e6: 1_000,
        conf_gate_e6: 5_000,
        conf_weight_e6: or(given, "conf_weight_e6", 1_000_000),
        age_grow_s: 5,
        age_reduce_s: 20,
        age_liquidate_s: 10,
        oi_cap_e9: 200_000_000_000_000,
        account_cap_e9: 50_000_000_000_000,
        liquidation_fee_e6: 10_000,
        tiers,
    }
}

fn exposure<'a>(terms: &'a Terms, given: &Numbers) -> Exposure<'a> {
    Exposure {
        tiers: &terms.tiers,
        size_e9: get(given, "size_e9"),
        entry_e6: get(given, "entry_e6"),
        leverage: get(given, "leverage"),
        price_e6: get(given, "price_e6"),
        conf_e6: get(given, "conf_e6"),
        funding_owed_e6: 0,
    }
}

#[test]
fn a_trade_costs_what_the_twin_says() {
    check("trade_cost", |given| {
        let (trade, price) = (get(given, "trade_e9"), get(given, "price_e6"));
        let (skew, conf) = (get(given, "skew_e9"), get(given, "conf_e6"));
        let cost = trade_cost_e6(&terms(given), trade, skew, price, conf).unwrap();
        let impact = adverse_impact_e6(&terms(given), trade, skew, price).unwrap();
        vec![
            ("cost_e6", cost.into()),
            ("closing_cost_e6", closing_cost_e6(trade, price).unwrap().into()),
            ("adverse_impact_e6", impact.into()),
        ]
    });
}

#[test]
fn a_fee_is_split_as_the_twin_says() {
    check("fees", |given| {
        let full = get(given, "keeper_reward_e6");
        let reward = faded_reward_e6(full, get(given, "waited_s")).unwrap();
        let split = fee_split(get(given, "cost_e6"), get(given, "rate_e6"), reward).unwrap();
        vec![
            ("fee_e6", split.fee_e6.into()),
            ("insurance_e6", split.insurance_e6.into()),
            ("keeper_e6", split.keeper_e6.into()),
            ("pool_e6", split.pool_e6.into()),
        ]
    });
}

#[test]
fn funding_moves_as_the_twin_says() {
    check("funding", |given| {
        let (terms, skew) = (terms(given), get(given, "skew_e9"));
        let elapsed = get(given, "elapsed_s");
        let step = index_step(&terms, skew, get(given, "price_e6"), elapsed).unwrap();
        let snapshot: i128 = get(given, "snapshot");
        let owed = owed_e6(get(given, "size_e9"), snapshot + step, snapshot).unwrap();
        vec![
            ("rate_e6", rate_e6(&terms, skew).unwrap().into()),
            ("index_step", step),
            ("owed_e6", owed.into()),
        ]
    });
}

#[test]
fn a_fill_leaves_the_position_that_the_twin_leaves() {
    check("fill", |given| {
        let size: i64 = get(given, "size_e9");
        let index: i128 = get(given, "index");
        let position = Position {
            size_e9: size,
            entry_e6: get(given, "entry_e6"),
            funding_index: if size == 0 { 0 } else { index },
            max_leverage: if size == 0 { 0 } else { 10 },
            ..Position::default()
        };
        let (trade, cost) = (get(given, "trade_e9"), get(given, "cost_e6"));
        let fill = position.filled(trade, cost, index, 20).unwrap();
        vec![
            ("realized_e6", fill.realized_e6.into()),
            ("size_after_e9", fill.position.size_e9.into()),
            ("entry_after_e6", fill.position.entry_e6.into()),
            ("index_after", fill.position.funding_index),
            ("max_leverage_after", fill.position.max_leverage.into()),
        ]
    });
}

#[test]
fn a_position_demands_what_the_twin_says() {
    check("requirement", |given| {
        let terms = terms(given);
        let held = exposure(&terms, given);
        vec![
            ("notional_e6", held.notional_e6().unwrap()),
            ("pnl_e6", held.pnl_e6().unwrap()),
            ("lapsed_pnl_e6", held.lapsed_pnl_e6().unwrap()),
            ("adverse_pnl_e6", held.adverse_pnl_e6().unwrap()),
            ("initial_fraction_e6", held.initial_fraction_e6().unwrap()),
            ("initial_e6", held.initial_e6().unwrap()),
            ("maintenance_e6", held.maintenance_e6().unwrap()),
        ]
    });
}

#[test]
fn a_liquidation_takes_what_the_twin_says() {
    check("liquidation", |given| {
        let terms = terms(given);
        let held = exposure(&terms, given);
        let (fee, equity) = (terms.liquidation_fee_e6, get(given, "equity_e6"));
        let impact: i64 = get(given, "owed_e6");
        let size = close_size_e9(&held, fee, impact, 0, equity).unwrap();
        let trade = -held.size_e9.signum() * i64::try_from(size).unwrap();
        let cost = closing_cost_e6(trade, held.price_e6).unwrap();
        let left = Exposure { size_e9: held.size_e9 + trade, ..held };
        let fraction = penalty_fraction_e6(&held, fee).unwrap();
        let before = held.maintenance_e6().unwrap();
        let after = left.maintenance_e6().unwrap();
        let bound = releasable_e6(equity, before, after).unwrap();
        let owed = i128::from(impact) * i128::from(size) / i128::from(held.size_e9.abs());
        let paid = penalty(fraction, cost, owed.try_into().unwrap(), bound).unwrap();
        vec![
            ("close_e9", size.into()),
            ("cost_e6", cost.into()),
            ("insurance_e6", paid.insurance_e6.into()),
            ("liquidator_e6", paid.liquidator_e6.into()),
            ("impact_e6", paid.impact_e6.into()),
        ]
    });
}

#[test]
fn the_pool_is_worth_what_the_twin_says() {
    check("pool", |given| {
        let sums = Sums {
            long_e9: get(given, "long_e9"),
            short_e9: get(given, "short_e9"),
            entry_sum_e6: get(given, "entry_sum_e6"),
            funding_index: get(given, "funding_index"),
            funding_snapshot_sum: get(given, "funding_snapshot_sum"),
            ..Sums::default()
        };
        let price = get(given, "price_e6");
        vec![
            ("value_e6", market_value_e6(&sums, price).unwrap().into()),
            ("reserve_e6", market_reserve_e6(&sums, price).unwrap().into()),
        ]
    });
}

#[test]
fn a_published_price_reads_as_the_twin_reads_it() {
    check("reading", |given| {
        let (price, conf) = (get(given, "price"), get(given, "conf"));
        let reading = reading_of(price, conf, get(given, "exponent"), 0).unwrap();
        vec![("price_e6", reading.price_e6.into()), ("conf_e6", reading.conf_e6.into())]
    });
}

#[test]
fn a_price_is_graded_as_the_twin_grades_it() {
    const ACTIONS: [Action; 5] =
        [Action::Grow, Action::Reduce, Action::Liquidate, Action::Withdraw, Action::Fund];
    check("grading", |given| {
        let memory = Memory {
            last_price_e6: get(given, "last_price_e6"),
            last_conf_e6: 0,
            last_publish_time: get(given, "last_publish_time"),
            pending_price_e6: get(given, "pending_price_e6"),
            pending_publish_time: get(given, "pending_publish_time"),
        };
        let reading = Reading {
            price_e6: get(given, "price_e6"),
            conf_e6: get(given, "conf_e6"),
            publish_time: get(given, "publish_time"),
        };
        let action = ACTIONS[get::<usize>(given, "action")];
        let grade = reading.grade(&terms(given), &memory, action, get(given, "now"));
        vec![("grade", (grade as u8).into())]
    });
}

#[test]
fn a_vault_lets_out_what_the_twin_lets_out() {
    check("outflow", |given| {
        let bucket = Bucket {
            floor: get(given, "floor"),
            share_e6: get(given, "share_e6"),
            level: get(given, "level"),
            updated_at: get(given, "updated_at"),
        };
        let (amount, tokens) = (get(given, "amount"), get(given, "tokens"));
        let level = match bucket.take(amount, tokens, get(given, "now")).unwrap() {
            Outcome::Level(level) => i128::from(level),
            Outcome::Refused => -1,
        };
        vec![("level", level)]
    });
}

#[test]
fn an_order_wakes_when_the_twin_s_wakes() {
    check("trigger", |given| {
        let watermark_e6 = get(given, "watermark_e6");
        let trigger = match get::<u8>(given, "kind") {
            2 | 3 => Trigger::Stop(get(given, "trigger_price_e6")),
            4 => Trigger::Take(get(given, "trigger_price_e6")),
            _ => Trigger::Trail { bps: get(given, "trailing_bps"), watermark_e6 },
        };
        let buys = get::<i64>(given, "size_e9") > 0;
        let price = get(given, "price_e6");
        let moved = match trigger {
            Trigger::Trail { .. } => moved_watermark_e6(watermark_e6, buys, price),
            _ => watermark_e6,
        };
        vec![
            ("awake", trigger.is_reached(buys, price).unwrap().into()),
            ("watermark_e6", moved.into()),
        ]
    });
}

#[test]
fn a_claim_is_paid_as_the_twin_pays_it() {
    check("claims", |given| {
        let mark_e12: u128 = get(given, "index");
        let claims = get(given, "claims_e6");
        let index = index_after(mark_e12, claims, get(given, "paid_e6")).unwrap();
        let payable = payable_e6(mark_e12, get(given, "paid_e6"), claims).unwrap();
        let held = Claim { held_e6: get(given, "held_e6"), due_e6: 0, mark_e12 };
        let after = held.marked(index).unwrap();
        let index = i128::try_from(index).unwrap();
        vec![
            ("index", index),
            ("kept_e6", after.held_e6.into()),
            ("due_e6", after.due_e6.into()),
            ("payable_e6", payable.into()),
        ]
    });
}

#[test]
fn a_token_sells_as_the_twin_sells_it() {
    check("sale", |given| {
        let sale = Sale {
            decimals: get(given, "decimals"),
            price_e6: get(given, "price_e6"),
            conf_e6: get(given, "conf_e6"),
            discount_e6: get(given, "discount_e6"),
        };
        let needed = sale.needed(get(given, "debt_e6")).map_or(-1, i128::from);
        let proceeds = sale.proceeds_e6(get(given, "amount")).unwrap();
        vec![("proceeds_e6", proceeds.into()), ("needed", needed)]
    });
}

#[test]
fn a_weight_rises_as_the_twin_s_rises() {
    check("ramp", |given| {
        let (started, now) = (get(given, "started_at"), get(given, "now"));
        let at = |from, to| ramped_e6(get(given, from), get(given, to), started, now).unwrap();
        let (init, maint) = (at("init_from_e6", "init_e6"), at("maint_from_e6", "maint_e6"));
        vec![("init_e6", init.into()), ("maint_e6", maint.into())]
    });
}
