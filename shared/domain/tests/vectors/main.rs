//! The arithmetic against worked examples, most of them published by other
//! billing systems. Each test says how many rows it ran, so that none hides.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a row that cannot be read fails its test"
)]

mod coupons;
mod rows;
mod taxes;

use domain::anchor::{Anchor, Zone, add_months_clamped};
use domain::decimal::{Decimal, line_net};
use domain::dunning::{Dunning, DunningPolicy, Exhausted, Next};
use domain::interval::{Interval, IntervalUnit};
use domain::money::Currency;
use domain::tiers::{PriceScheme, Tier};
use domain::vat::{RateTotal, tax_by_rate};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use rows::{Row, read, rows};
use std::collections::HashMap;

#[test]
fn months_are_added_with_the_day_clamped() {
    for row in rows("month_add.csv", 22) {
        let months = match row.text("unit") {
            "month" => row.get::<i32>("amount"),
            "year" => row.get::<i32>("amount") * 12,
            unit => panic!("unit {unit}"),
        };
        let date = add_months_clamped(row.get("start"), months).unwrap();
        assert_eq!(date, row.get::<Date>("result"), "{row:?}");
    }
}

fn interval(row: &Row) -> Interval {
    let unit = match row.text("interval") {
        "day" => IntervalUnit::Day,
        "week" => IntervalUnit::Week,
        "month" => IntervalUnit::Month,
        "year" => IntervalUnit::Year,
        unit => panic!("unit {unit}"),
    };
    Interval::new(unit, row.get("count")).unwrap()
}

/// An instant, or a date at midnight UTC.
fn moment(text: &str) -> Timestamp {
    match text.contains('T') {
        true => read(text),
        false => Zone::UTC
            .instant(read::<Date>(text).to_datetime(Time::midnight()))
            .unwrap(),
    }
}

#[test]
fn boundaries_follow_from_the_anchor() {
    let mut aligned = HashMap::new();
    for row in rows("anchored_sequences.csv", 47) {
        let start = moment(row.text("start"));
        let zone = row
            .optional::<String>("tz")
            .map_or(Zone::UTC, |name| Zone::parse(&name).unwrap());
        let day: Option<i8> = row.optional("anchor_day");
        let trial: Option<u16> = row.optional("trial_days");
        let anchor = match (row.text("align"), trial, day) {
            ("anchor", None, None) => Anchor::new(start, zone, interval(&row)),
            ("anchor", None, Some(day)) => Anchor::new(start, zone, interval(&row))
                .with_day(day)
                .unwrap(),
            ("anchor", Some(days), None) => {
                Anchor::after_trial(start, zone, interval(&row), days).unwrap()
            }
            ("calendar", None, None) => Anchor::on_calendar(start, zone, interval(&row)).unwrap(),
            ("billing_day", None, Some(day)) => {
                Anchor::on_billing_day(start, zone, interval(&row), day).unwrap()
            }
            _ => panic!("{row:?}"),
        };
        *aligned.entry(row.text("align").to_owned()).or_insert(0) += 1;
        // The start itself is not listed; an anchor that comes later is.
        let first = u32::from(anchor.start() == start);
        for (index, boundary) in (first..).zip(row.list::<String>("boundaries")) {
            assert_eq!(
                anchor.boundary(index),
                Ok(moment(&boundary)),
                "boundary {index} of {row:?}"
            );
        }
    }
    let ran = |align: &str| aligned.get(align).copied().unwrap_or(0);
    assert_eq!(
        (ran("anchor"), ran("calendar"), ran("billing_day")),
        (36, 4, 7)
    );
}

#[test]
fn wall_clocks_become_instants() {
    let mut periods = 0;
    for row in rows("timezone_boundaries.csv", 29) {
        let zone = Zone::parse(row.text("tz")).unwrap();
        let local: DateTime = row.get("local_start");
        let start: Timestamp = row.get("utc_start");
        assert_eq!(zone.instant(local), Ok(start), "{row:?}");
        match row.text("note") {
            "normal" => assert_eq!(zone.local(start), local, "{row:?}"),
            "gap" => assert_ne!(zone.local(start), local, "{row:?}"),
            "overlap" => assert_eq!(zone.local(start), local, "{row:?}"),
            "period" => {
                let end = zone.instant(row.get("local_end")).unwrap();
                assert_eq!(end, row.get("utc_end"), "{row:?}");
                assert_eq!(
                    end.as_second() - start.as_second(),
                    row.get::<i64>("seconds"),
                    "{row:?}"
                );
                periods += 1;
            }
            note => panic!("note {note}"),
        }
    }
    assert_eq!(periods, 6);
}

/// `up_to:unit:flat`.
fn tier(text: &str) -> Tier {
    let [up_to, unit_amount, flat_amount] = parts(text, ':');
    let up_to = (up_to != "inf").then(|| read(up_to));
    Tier {
        up_to,
        unit_amount: read(unit_amount),
        flat_amount: read(flat_amount),
    }
}

fn parts<const N: usize>(text: &str, separator: char) -> [&str; N] {
    let parts: Vec<&str> = text.split(separator).collect();
    parts.try_into().unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn tiers_price_a_quantity() {
    for row in rows("tier_prices.csv", 13) {
        let tiers = row
            .list::<String>("tiers")
            .iter()
            .map(|text| tier(text))
            .collect();
        let scheme = match row.text("mode") {
            "graduated" => PriceScheme::Graduated(tiers),
            "volume" => PriceScheme::Volume(tiers),
            mode => panic!("mode {mode}"),
        };
        assert_eq!(scheme.validate(), Ok(()));
        let total = scheme.total(row.get("quantity")).unwrap() + row.get::<i64>("base");
        assert_eq!(total, row.get::<i64>("total"), "{row:?}");
    }
}

/// Compares the totals of a document with `tax_by_rate` as `rate:base:tax`.
fn check_totals(row: &Row, lines: &[(i64, u32)]) {
    let nets: Vec<i64> = lines.iter().map(|(net, _)| *net).collect();
    assert_eq!(nets, row.list::<i64>("line_nets"), "{row:?}");
    let taxes = tax_by_rate(lines).unwrap();
    let expected: Vec<RateTotal> = row
        .list::<String>("tax_by_rate")
        .iter()
        .map(|text| {
            let [rate, base, tax] = parts(text, ':');
            RateTotal {
                rate: read(rate),
                base: read(base),
                tax: read(tax),
            }
        })
        .collect();
    assert_eq!(taxes, expected, "{row:?}");
    let net: i64 = nets.iter().sum();
    let tax: i64 = taxes.iter().map(|rate| rate.tax).sum();
    assert_eq!(net, row.get::<i64>("net_total"), "{row:?}");
    assert_eq!(tax, row.get::<i64>("tax_total"), "{row:?}");
    assert_eq!(net + tax, row.get::<i64>("gross_total"), "{row:?}");
}

#[test]
fn invoices_round_each_line_and_each_rate_once() {
    for row in rows("invoice_rounding.csv", 20) {
        let currency = Currency::parse(row.text("currency")).unwrap();
        assert_eq!(
            currency.minor_unit_digits(),
            row.get::<u8>("decimals"),
            "{row:?}"
        );
        let lines: Vec<(i64, u32)> = row
            .list::<String>("lines")
            .iter()
            .map(|line| {
                let [product, rate] = parts(line, '@');
                let [quantity, unit_price] =
                    parts(product, '*').map(|text| Decimal::parse(text).unwrap());
                (
                    line_net(quantity, unit_price, currency).unwrap(),
                    read(rate),
                )
            })
            .collect();
        check_totals(&row, &lines);
    }
}

/// Plays one renewal through dunning: the attempts made, when it ended, and
/// the dunning itself if the renewal was never paid.
fn play(row: &Row, policy: &DunningPolicy) -> (Vec<Timestamp>, Timestamp, Option<Dunning>) {
    let listed: Vec<String> = row.list("codes");
    let mut codes = listed
        .iter()
        .chain(std::iter::repeat(listed.last().unwrap()));
    let mut new_method: Option<Timestamp> = row.optional("method_changed_at");
    let mut attempts = Vec::new();
    let (mut dunning, mut next) =
        Dunning::start(row.get("failed_at"), codes.next().unwrap(), policy);
    loop {
        let (Next::RetryAt(at) | Next::EndAt(at)) = next;
        let changed = new_method.take_if(|changed| *changed <= at);
        if let Some(changed) = changed {
            (dunning, next) = dunning.method_changed(changed, policy);
            assert_eq!(
                next,
                Next::RetryAt(changed),
                "a new method is tried at once: {row:?}"
            );
        }
        let Next::RetryAt(at) = next else {
            return (attempts, at, Some(dunning));
        };
        attempts.push(at);
        match codes.next().unwrap().as_str() {
            "ok" => return (attempts, at, None),
            code => (dunning, next) = dunning.declined(at, code, changed.is_none(), policy),
        }
    }
}

#[test]
fn dunning_follows_its_schedule() {
    for row in rows("dunning_schedule.csv", 27) {
        let policy = DunningPolicy {
            retry_after_days: row.list("intervals_days"),
            grace_days: row.get("grace_days"),
            max_attempts_30_days: row.get("max_attempts_30d"),
            do_not_honor_is_hard: row.text("do_not_honor_hard") == "yes",
            on_exhausted: match row.text("on_exhausted") {
                "unpaid" => Exhausted::Unpaid,
                "canceled" => Exhausted::Canceled,
                end => panic!("end {end}"),
            },
        };
        let (attempts, ended_at, unpaid) = play(&row, &policy);
        assert_eq!(attempts, row.list::<Timestamp>("attempts"), "{row:?}");
        assert_eq!(ended_at, row.get("ended_at"), "{row:?}");
        let access_until = unpaid.as_ref().map(|dunning| dunning.access_until(&policy));
        assert_eq!(access_until, row.optional("access_until"), "{row:?}");
        let state = match (unpaid, policy.on_exhausted) {
            (None, _) => "active",
            (Some(_), Exhausted::Unpaid) => "unpaid",
            (Some(_), Exhausted::Canceled) => "canceled",
        };
        assert_eq!(state, row.text("final_state"), "{row:?}");
    }
}
