//! Cursors of lists.

use crate::headers::blank;
use crate::{split, template, text, world};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use platform::app::App;
use platform::http::cursor::Binding;

/// What the cursors here are made for: operation, caller, query, and whether
/// the hour is over.
const MADE_FOR: [(&str, &str, &str); 4] = [
    ("list_orders", "acc_1 ", "{}"),
    ("list_orders", "acc_1 ", "{\"status\": \"paid\"}"),
    ("list_orders", "acc_2 ", "{}"),
    ("list_invoices", "acc_1 ", "{}"),
];
/// Where they go on.
const POSITION: &str = "ORDER#ord_018f000000007000800000000000002a";

/// An input with cursors in place of `{c0}` to `{c3}`, made for the four
/// lists.
pub(crate) fn fill(data: &[u8]) -> Vec<u8> {
    let data = template::fill(data);
    template::fill_with(&data, |name| {
        let index: usize = name.strip_prefix('c')?.parse().ok()?;
        let made_for = MADE_FOR.get(index)?;
        world::with(|world| Some(world.block_on(seal(&world.app, made_for, world.cloud.now()))))
    })
}

/// The first line is a cursor, opened at each list, right after it was made
/// and when its hour is over. Accepted is only one made for that very list,
/// to the letter, within its hour; and what comes out is what went in.
pub(crate) fn cursor(data: &[u8]) {
    let filled = fill(data);
    let (cursor, _) = split(&filled);
    let cursor = text(cursor);
    world::with(|world| {
        let (app, made_at) = (&world.app, world.cloud.now());
        for made_for in &MADE_FOR {
            let minted = world.block_on(seal(app, made_for, made_at));
            for (seconds, good) in [
                (0, true),
                (3599, true),
                (3600, false),
                (i64::MAX / 4, false),
            ] {
                let later = SignedDuration::from_secs(seconds);
                let now = made_at.checked_add(later).unwrap_or(Timestamp::MAX);
                let opened = world.block_on(binding(made_for, now).open(app, &cursor));
                let wanted = (cursor == minted && good).then(|| POSITION.to_owned());
                assert_eq!(
                    opened.ok(),
                    wanted,
                    "{cursor:?} for {made_for:?} after {seconds} s"
                );
            }
        }
    });
}

async fn seal(app: &App, made_for: &(&str, &str, &str), now: Timestamp) -> String {
    let sealed = binding(made_for, now).seal(app, POSITION).await;
    sealed.expect("a cursor")
}

fn binding((operation, caller, query): &(&str, &str, &str), now: Timestamp) -> Binding {
    let request = blank(HeaderMap::new(), (*query).to_owned(), now);
    Binding::of(operation, caller, &request)
}
