//! Coupons as they are made and listed, and what is none.

use super::{Scene, order_with, refused};
use serde_json::json;
use tests::shop::text;
use tests::stage::coupon_of;

/// SUB-20; CART-12: an order takes one code, not several.
#[tokio::test]
async fn what_is_no_coupon_is_not_made() {
    let scene = Scene::set().await;
    let digest = scene.shop.digest().await;
    for (change, path, code) in [
        (json!({"code": "A B"}), "/code", "malformed"),
        (json!({"code": "ABC"}), "/code", "malformed"),
        (json!({"basisPoints": 0}), "/basisPoints", "out_of_range"),
        (
            json!({"basisPoints": 10_001}),
            "/basisPoints",
            "out_of_range",
        ),
        (json!({"basisPoints": null}), "/basisPoints", "required"),
        (json!({"kind": "amount"}), "/amount", "required"),
        (json!({"kind": "gift"}), "/kind", "unknown_value"),
        (json!({"duration": "repeating"}), "/periods", "required"),
        (json!({"periods": 2}), "/periods", "exclusive"),
        (json!({"products": []}), "/products", "out_of_range"),
        (json!({"startsAt": "tomorrow"}), "/startsAt", "malformed"),
        (
            json!({"startsAt": "2026-03-01T00:00:00Z", "endsAt": "2026-03-01T00:00:00Z"}),
            "/endsAt",
            "out_of_range",
        ),
        (
            json!({"maxRedemptions": 0}),
            "/maxRedemptions",
            "out_of_range",
        ),
        (json!({"accountId": "acc_1"}), "/accountId", "malformed"),
    ] {
        let mut coupon = coupon_of("GOOD");
        for (name, value) in change.as_object().unwrap() {
            coupon[name] = value.clone();
        }
        let fields = coupon.as_object_mut().unwrap();
        fields.retain(|_, value| !value.is_null());
        let call = scene.admin.call("POST", "/v1/admin/coupons").json(&coupon);
        let answer = call.send().await;
        answer.refused(422, "validation_failed");
        let error = &answer.json["errors"][0];
        assert_eq!(
            (&error["path"], &error["code"]),
            (&json!(path), &json!(code))
        );
    }
    let mut two = order_with("ONE");
    two["couponCode"] = json!(["ONE-OF", "TWO-OF"]);
    let call = scene.ada.call("POST", "/v1/orders").key("two").json(&two);
    refused(&call.send().await, "wrong_type");
    assert_eq!(scene.shop.digest().await, digest);
    scene.coupon(coupon_of("TAKEN")).await;
    let call = scene.admin.call("POST", "/v1/admin/coupons");
    let again = call.json(&coupon_of("taken")).send().await;
    again.refused(409, "state_conflict");
}

#[tokio::test]
async fn all_coupons_are_listed_by_their_codes_page_by_page() {
    let scene = Scene::set().await;
    for code in ["CHARLIE", "ALFA", "BRAVO"] {
        scene.coupon(coupon_of(code)).await;
    }
    let mut codes = Vec::new();
    let mut path = "/v1/admin/coupons?limit=1".to_owned();
    for _ in 0..4 {
        let page = scene.admin.get(&path).await;
        let listed = page.data(200);
        codes.extend(
            listed
                .as_array()
                .unwrap()
                .iter()
                .map(|it| text(&it["code"])),
        );
        match page.json["metadata"]["nextCursor"].as_str() {
            Some(cursor) => path = format!("/v1/admin/coupons?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(codes, ["ALFA", "BRAVO", "CHARLIE"]);
}
