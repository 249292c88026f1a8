//! Mails whose first way was lost.

use crate::support::{Shop, registration};
use local::{Options, StreamDelivery};
use serde_json::json;

#[tokio::test]
async fn a_mail_the_stream_gave_up_is_sent_once_when_its_timer_comes() {
    let shop = Shop::with(Options {
        stream: StreamDelivery::OnDemand,
        ..Options::test()
    })
    .await;
    shop.post("/v1/auth/register", &registration("new@example.com"))
        .await
        .data(202);
    // The table refuses until the stream has tried as often as it does.
    let refusing = json!({"dynamodb": {"throttle": 1.0}, "seed": 1});
    shop.post("/_local/faults", &refusing).await;
    shop.cloud.settle().await;
    shop.post("/_local/faults", &json!({})).await;
    shop.cloud.settle().await;
    let mails = || shop.cloud.mails(Some("new@example.com")).len();
    assert_eq!(mails(), 0, "the stream did not give up");
    shop.advance("PT10M").await;
    assert_eq!(mails(), 1);
    shop.advance("P3D").await;
    assert_eq!(mails(), 1);
}
