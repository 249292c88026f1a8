//! Mails whose first way was lost.

use jiff::Timestamp;
use local::{Options, StreamDelivery};
use platform::store::keys::{Due, Job, Key};
use platform::store::{Entity, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tests::shop::{Shop, registration};

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

/// An event as a newer version of the functions may write it.
#[derive(Serialize, Deserialize)]
struct Strange {
    at: Timestamp,
    deliver_at: Option<Timestamp>,
}

impl Entity for Strange {
    const TYPE: &'static str = "event";

    fn key(&self) -> Key {
        Key {
            pk: "USER#usr_1".to_owned(),
            sk: "EVENT#evt_1".to_owned(),
        }
    }

    fn due(&self) -> Option<Due> {
        self.deliver_at.map(|at| Due {
            job: Job::Reconcile,
            at,
        })
    }
}

#[tokio::test]
async fn an_event_nobody_understands_is_handed_on_ever_less_often_and_then_left() {
    let shop = Shop::open().await;
    let (app, now) = (shop.cloud.app("test"), shop.cloud.now());
    let strange = Strange {
        at: now,
        deliver_at: Some(now),
    };
    let mut act = Transaction::new(app.new_id().unwrap());
    act.insert(&strange, ());
    app.store().commit(act).await.unwrap();
    shop.advance("P3D").await;
    let told = shop.cloud.take_log();
    let told = told.iter().filter(|line| line.contains("EVENT#evt_1"));
    let told = told.count();
    assert!((10..120).contains(&told), "{told}");
    shop.advance("P3D").await;
    let log = shop.cloud.take_log().join("\n");
    assert!(!log.contains("EVENT#evt_1"), "{log}");
    let kept = app.store().get::<Strange>(&strange.key()).await.unwrap();
    assert!(
        kept.unwrap().value.deliver_at.is_some(),
        "for a person to see"
    );
}
