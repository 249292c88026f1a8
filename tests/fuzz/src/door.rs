//! Tokens, each at the operation it opens.

use crate::event::read;
use crate::judge::{Answer, answer};
use crate::{split, template, text, world};
use serde_json::json;

/// The first line says where a text is offered, the second is the text.
/// Whoever offers one that was not given out, to the letter, is refused (with
/// a cart token that nobody has, the cart is empty); the one that was given
/// out is taken.
pub(crate) fn at_the_door(data: &[u8]) {
    let filled = template::fill(data);
    let (door, rest) = split(&filled);
    let (offered, _) = split(rest);
    let (door, offered) = (text(door), text(offered));
    let offered = offered.trim();
    world::with(|world| match door.as_ref() {
        "access" => {
            let minted = [world.get("access"), world.get("eve")].contains(&offered);
            let answer = headers(
                world,
                "get_profile",
                "authorization",
                &format!("Bearer {offered}"),
            );
            let wanted: &[u16] = if minted { &[200] } else { &[400, 401] };
            assert!(wanted.contains(&answer.status), "{offered:?}");
        }
        "refresh" => {
            let minted = ["refresh", "cookie", "logout"].map(|name| world.get(name));
            if !minted.contains(&offered) {
                refused(
                    &body(world, "refresh_session", "refreshToken", offered),
                    401,
                    offered,
                );
            }
        }
        "mailed" if offered != world.get("mailed") => {
            refused(&body(world, "verify_email", "token", offered), 400, offered);
        }
        "cart" => {
            let answer = headers(world, "get_cart", "x-cart-token", offered);
            let lines = answer
                .json
                .pointer("/data/items")
                .and_then(serde_json::Value::as_array);
            let filled = lines.is_some_and(|lines| !lines.is_empty());
            assert_eq!(
                filled,
                offered == world.get("cart"),
                "{offered:?} {}",
                answer.json
            );
        }
        "cursor" => {
            let bearer = format!("Bearer {}", world.get("access"));
            let query =
                percent_encoding::utf8_percent_encode(offered, percent_encoding::NON_ALPHANUMERIC);
            let mut written = read(format!("list_orders\n?cursor={query}").as_bytes());
            written.header("authorization", &bearer);
            let answer = answer(world, "list_orders", written.event());
            let wanted = if offered == world.get("cursor") {
                200
            } else {
                400
            };
            assert_eq!(answer.status, wanted, "{offered:?}");
        }
        _ => {}
    });
}

fn refused(answer: &Answer, status: u16, offered: &str) {
    // A text that is too long or holds control characters is none at all.
    assert!(
        [status, 422].contains(&answer.status),
        "{offered:?}: {}",
        answer.json
    );
}

fn headers(world: &world::World, operation: &str, name: &str, value: &str) -> Answer {
    let mut written = read(operation.as_bytes());
    written.header(name, value);
    answer(world, operation, written.event())
}

fn body(world: &world::World, operation: &str, name: &str, value: &str) -> Answer {
    let mut written = read(operation.as_bytes());
    written.header("content-type", "application/json");
    written.body = json!({name: value}).to_string().into_bytes();
    answer(world, operation, written.event())
}
