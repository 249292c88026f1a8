//! Billing addresses at rest: sealed under a key of their account, which rests
//! wrapped under the master key. What is sealed is opened here by the letter of
//! ADR 15, with nothing of the shop's own code.

use super::derived_key;
use super::keys::rotate;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use platform::secrets::Secret;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, Shop, User, text};

/// What is kept of somebody under this type.
async fn kept(user: &User, kind: &str) -> Vec<Value> {
    let path = format!("/_local/items?pk=ACCOUNT%23{}", user.account);
    let items = user.shop.get(&path).await.json;
    let mut items = items.as_array().unwrap().clone();
    items.retain(|item| item["type"] == kind);
    items
}

/// The parts of a sealed text: nonce, and cipher text with its tag.
fn parts(sealed: &str) -> (Vec<u8>, Vec<u8>) {
    let bytes = STANDARD_NO_PAD.decode(sealed).unwrap();
    // The first byte is the format.
    let (head, text) = bytes.split_at(1 + NONCE_LEN);
    assert_eq!(head[0], 1);
    (head[1..].to_vec(), text.to_vec())
}

/// What was sealed for this purpose of an account, if this is the key.
fn opened(key: &[u8], purpose: &str, user: &User, sealed: &str) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
    let (nonce, mut text) = parts(sealed);
    let nonce = Nonce::try_assume_unique_for_key(&nonce).unwrap();
    let context = format!("{purpose}\n{}", user.account);
    let plain = key.open_in_place(nonce, Aad::from(context.as_bytes()), &mut text);
    plain.ok().map(|plain| plain.to_vec())
}

/// The sealed address of each order of somebody.
async fn addresses(user: &User) -> Vec<String> {
    let orders = kept(user, "order").await;
    orders.iter().map(|order| text(&order["buyer"])).collect()
}

/// The key of somebody's account, wrapped.
async fn wrapped(user: &User) -> String {
    text(&kept(user, "data_key").await[0]["wrapped"])
}

#[tokio::test]
async fn the_master_key_and_nothing_less_opens_the_key_of_an_account_and_that_its_addresses() {
    let shop = Shop::open().await;
    let secret = shop.cloud.secret(Secret::DataKey);
    let master = derived_key(&secret, "master key of data keys");
    let mut all = Vec::new();
    for email in ["ada@example.com", "eve@example.com"] {
        let user = shop.customer(email).await;
        user.order(EDR_MONTHLY, 1, "k").await.data(201);
        let wrapped = wrapped(&user).await;
        let key = opened(&master, "data key", &user, &wrapped).expect("the master key fits");
        assert_eq!(opened(&key, "data key", &user, &wrapped), None);
        let address = addresses(&user).await.remove(0);
        let plain = opened(&key, "sealed value", &user, &address).expect("the key fits");
        assert!(
            String::from_utf8(plain)
                .unwrap()
                .contains("1 rue de Rivoli")
        );
        all.push((user, key, address));
    }
    let [(ada, of_ada, adas), (eve, of_eve, eves)] = all.as_slice() else {
        panic!("two customers");
    };
    for (key, user, address) in [(of_eve, ada, adas), (of_ada, eve, eves)] {
        assert_eq!(opened(key, "sealed value", user, address), None);
    }
}

/// Two texts of AES-GCM under one key and one nonce give away both, and the
/// means to forge a third.
#[tokio::test]
async fn no_nonce_is_used_twice_under_a_key() {
    let shop = Shop::open().await;
    let mut wraps = Vec::new();
    for email in ["ada@example.com", "eve@example.com"] {
        let user = shop.customer(email).await;
        for key in ["first", "second", "third"] {
            user.order(EDR_MONTHLY, 1, key).await.data(201);
        }
        let sealed = addresses(&user).await;
        // The same address each time, and no two look alike.
        assert_eq!(all_nonces(&sealed), 3, "{email}");
        wraps.push(wrapped(&user).await);
    }
    assert_eq!(all_nonces(&wraps), 2, "the keys under the master key");
}

/// How many different nonces these were sealed with.
fn all_nonces(sealed: &[String]) -> usize {
    let mut nonces: Vec<_> = sealed.iter().map(|sealed| parts(sealed).0).collect();
    nonces.sort();
    nonces.dedup();
    nonces.len()
}

/// The buyer on somebody's first invoice.
async fn billed(user: &User) -> Value {
    let invoices = user.invoices().await;
    let path = format!("/v1/invoices/{}", text(&invoices[0]["id"]));
    user.get(&path).await.data(200)["buyer"].clone()
}

#[tokio::test]
async fn after_a_new_master_key_old_invoices_open_and_old_customers_order() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 1).await;
    let buyer = billed(&ada).await;
    assert_eq!(buyer["line1"], json!("1 rue de Rivoli"));
    rotate(&shop, Secret::DataKey);
    // Functions that run hold the old one for five minutes.
    shop.wait(300);
    let new = shop.customer("eve@example.com").await;
    for environment in ["warm", "cold"] {
        assert_eq!(billed(&ada).await, buyer, "{environment}");
        ada.order(EDR_MONTHLY, 1, environment).await.data(201);
        new.order(EDR_MONTHLY, 1, environment).await.data(201);
        shop.cloud.stop_functions();
    }
}
