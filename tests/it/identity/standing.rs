//! How a login stands: shut by staff, or an administrator's.

use super::{anonymous, login, told};
use domain::account::{Login, LoginStatus, StaffRole};
use domain::email::EmailAddress;
use local::Options;
use platform::store::{Stored, Transaction};
use serde_json::json;
use tests::shop::{PASSWORD, Shop, User, registration};

fn address(email: &str) -> EmailAddress {
    EmailAddress::parse(email).unwrap()
}

async fn stored(shop: &Shop, email: &str) -> Stored<Login> {
    let app = shop.cloud.app("test");
    app.store().login(&address(email)).await.unwrap().unwrap()
}

/// What no operation does yet: staff shut a login.
async fn shut(shop: &Shop, email: &str) {
    let app = shop.cloud.app("test");
    let login = stored(shop, email).await;
    let shut = Login {
        status: LoginStatus::Suspended,
        ..login.value
    };
    let mut act = Transaction::new(app.new_id().unwrap());
    act.replace(login.version, &shut, ());
    app.store().commit(act).await.unwrap();
}

/// Its password opens nothing, and looks like a wrong one.
async fn is_shut(shop: &Shop, email: &str) {
    let right = login(shop, email, PASSWORD).await;
    let wrong = login(shop, email, "not the password at all").await;
    right.refused(401, "invalid_credentials");
    assert_eq!(anonymous(&right), anonymous(&wrong));
    let status = stored(shop, email).await.value.status;
    assert_eq!(status, LoginStatus::Suspended);
}

#[tokio::test]
async fn a_login_that_staff_shut_opens_no_session() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let mails = shop.cloud.mails(Some(&ada.email)).len();
    shut(&shop, &ada.email).await;
    is_shut(&shop, &ada.email).await;
    // Nor is there another way in for whoever asks for one.
    let resend = json!({"email": ada.email});
    shop.post("/v1/auth/resend-verification", &resend)
        .await
        .data(202);
    assert_eq!(shop.cloud.mails(Some(&ada.email)).len(), mails);
    shop.post("/v1/auth/register", &registration(&ada.email))
        .await
        .data(202);
    let mails = shop.cloud.mails(Some(&ada.email));
    let links = &mails.last().unwrap().links;
    assert!(!links.iter().any(|link| link.contains("token=")));
    is_shut(&shop, &ada.email).await;
}

#[tokio::test]
async fn a_login_that_staff_shut_is_opened_by_no_link_that_was_mailed_before() {
    for confirmed in [true, false] {
        let shop = Shop::open().await;
        let email = "ada@example.com";
        let verify = async |token: String| {
            let body = json!({"token": token});
            let verified = shop.post("/v1/auth/verify-email", &body).await;
            verified.data(200);
        };
        shop.post("/v1/auth/register", &registration(email))
            .await
            .data(202);
        let first = shop.mailed_token(email);
        shop.post("/v1/auth/resend-verification", &json!({"email": email}))
            .await
            .data(202);
        let second = shop.mailed_token(email);
        if confirmed {
            verify(first).await;
            shop.log_in(email, PASSWORD).await;
        }
        shut(&shop, email).await;
        // The address is confirmed, which opens nothing.
        verify(second).await;
        is_shut(&shop, email).await;
    }
}

/// The role of somebody, as the profile and the access token tell it.
async fn role(user: &User) -> [String; 2] {
    let profile = user.call("GET", "/v1/me").send().await.data(200);
    [&profile["role"], &told(&user.token, 1)["role"]].map(tests::shop::text)
}

#[tokio::test]
async fn whoever_confirms_the_address_that_is_named_is_an_administrator_and_nobody_else() {
    let boss = "boss@example.com";
    let shop = Shop::with(Options {
        bootstrap_admin: Some(address(boss)),
        ..Options::test()
    })
    .await;
    for email in ["ada@example.com", "boss@example.org"] {
        let customer = shop.customer(email).await;
        assert_eq!(role(&customer).await, ["customer"; 2], "{email}");
    }
    // To name the address is not to hold it.
    shop.post("/v1/auth/register", &registration(boss))
        .await
        .data(202);
    assert_eq!(stored(&shop, boss).await.value.role, StaffRole::Customer);
    let token = shop.mailed_token(boss);
    shop.post("/v1/auth/verify-email", &json!({"token": token}))
        .await
        .data(200);
    let admin = shop.log_in(boss, PASSWORD).await;
    assert_eq!(role(&admin).await, ["admin"; 2]);
    // Whoever comes later is a customer again.
    let later = shop.customer("eve@example.com").await;
    assert_eq!(role(&later).await, ["customer"; 2]);
}
