//! Each event and the mail it causes.

use super::delivery::deliver;
use super::test_cloud::{Cloud, app, cloud};
use crate::mails::samples::{APP, euros, id, invoice, now, number, subscription};
use domain::dunning::{Dunning, DunningPolicy};
use domain::event::{Event, EventKind, Owner};
use domain::id::{Id as _, UserId};
use domain::invoice::InvoiceStatus;
use domain::payment::{Attempt, Channel, HostedPage, Outcome, Payment, PaymentStatus, Purpose};
use domain::subscription::SubscriptionStatus;
use jiff::{SignedDuration, Timestamp};
use platform::store::Entity as _;
use platform::store::events::event;
use std::sync::Arc;

fn of_account(kind: EventKind) -> Event {
    event(id(), Owner::Account { account: id() }, kind, now())
}

fn payment(status: PaymentStatus, channel: Channel) -> Payment {
    let attempt = Attempt {
        number: 2,
        started_at: now(),
        channel,
        outcome: Outcome::InFlight,
        provider_payment: None,
        declines: Vec::new(),
        checks: 0,
        absent_since: None,
    };
    Payment {
        id: id(),
        account: id(),
        purpose: Purpose::Renewal {
            subscription: id(),
            index: 1,
        },
        amount: euros(32_400),
        invoice: id(),
        status,
        attempts: vec![attempt],
        surplus: Vec::new(),
        another_page: None,
        refunds: Vec::new(),
        disputes: Vec::new(),
        created_at: now(),
        check_at: None,
    }
}

fn hosted(closes_at: Timestamp) -> Channel {
    let page = HostedPage {
        session: "cs_1".to_owned(),
        url: "https://checkout.example/cs_1".to_owned(),
        opened_at: None,
    };
    Channel::Hosted {
        return_url: APP.to_owned(),
        closes_at,
        page: Some(page),
    }
}

fn hours(hours: i64) -> Timestamp {
    now()
        .checked_add(SignedDuration::from_hours(hours))
        .unwrap()
}

fn past_due(code: &str) -> SubscriptionStatus {
    let (dunning, _) = Dunning::start(now(), code, &DunningPolicy::default());
    SubscriptionStatus::PastDue { dunning }
}

/// Delivers an event, twice; the subjects of the mails it caused.
async fn delivered(cloud: Cloud, event: Event) -> Vec<String> {
    cloud.put(&event);
    let cloud = Arc::new(cloud);
    let app = app(&cloud);
    deliver(&app, &event.key()).await.unwrap();
    assert!(!cloud.waits(&event.key()));
    deliver(&app, &event.key()).await.unwrap();
    cloud.subjects()
}

#[tokio::test]
async fn a_registration_is_mailed_once_with_its_link() {
    let event = event(
        id(),
        Owner::User { user: id() },
        EventKind::UserRegistered {
            user: id(),
            token: id(),
        },
        now(),
    );
    let cloud = cloud();
    cloud.put(&event);
    let cloud = Arc::new(cloud);
    for _ in 0..2 {
        deliver(&app(&cloud), &event.key()).await.unwrap();
    }
    assert_eq!(cloud.subjects(), ["Confirm your e-mail address"]);
    let text = cloud.part("Text");
    let link = text.lines().find(|line| line.starts_with(APP)).unwrap();
    let token = link
        .strip_prefix(&format!("{APP}/verify-email?token="))
        .unwrap();
    let expected = platform::identity::mailed_token::derive(&app(&cloud), id(), id())
        .await
        .unwrap();
    assert_eq!(token, expected);
}

#[tokio::test]
async fn an_erased_user_and_a_decoy_are_delivered_without_a_mail() {
    let user = EventKind::RegistrationRepeated {
        user: UserId::from_bits(99),
    };
    assert!(
        delivered(
            cloud(),
            event(id(), Owner::Decoy, EventKind::NothingToSend, now())
        )
        .await
        .is_empty()
    );
    assert!(
        delivered(
            cloud(),
            event(
                id(),
                Owner::User {
                    user: UserId::from_bits(99)
                },
                user,
                now()
            )
        )
        .await
        .is_empty()
    );
}

#[tokio::test]
async fn an_invoice_is_receipted_once_whenever_it_is_paid() {
    let (order, renewal) = (
        Purpose::Order { order: id() },
        Purpose::Renewal {
            subscription: id(),
            index: 1,
        },
    );
    let paid = |paid_at| InvoiceStatus::Paid {
        number: number(),
        issued_at: now(),
        paid_at,
    };
    let open = InvoiceStatus::Open {
        number: number(),
        issued_at: now(),
    };
    let finalised = |paid| EventKind::InvoiceFinalised {
        invoice: id(),
        number: number(),
        paid,
    };
    let period_paid = |numbered| EventKind::PeriodPaid {
        subscription: id(),
        index: 1,
        payment: id(),
        numbered,
    };
    let confirmed = "Votre commande est confirmée – facture F2026-000042";
    let renewed = "Votre abonnement est renouvelé – facture F2026-000042";
    for (purpose, status, kind, subject) in [
        (order, paid(now()), finalised(true), Some(confirmed)),
        (renewal, paid(now()), finalised(true), Some(renewed)),
        (renewal, paid(now()), period_paid(false), None),
        (renewal, open.clone(), finalised(false), None),
        (renewal, paid(hours(48)), finalised(false), None),
        (renewal, paid(hours(48)), period_paid(true), Some(renewed)),
    ] {
        let cloud = cloud();
        cloud.put(&invoice(purpose, status));
        cloud.put(&payment(PaymentStatus::Pending, hosted(now())));
        assert_eq!(kind.has_consumer(), subject.is_some(), "{kind:?}");
        let subjects = delivered(cloud, of_account(kind.clone())).await;
        assert_eq!(
            subjects,
            subject.into_iter().collect::<Vec<_>>(),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_decline_is_told_while_it_stands() {
    let captured = PaymentStatus::Paid {
        at: now(),
        provider_payment: "pi_1".to_owned(),
    };
    for (status, paid, code, mails) in [
        (
            past_due("expired_card"),
            PaymentStatus::Pending,
            "expired_card",
            1,
        ),
        (
            past_due("expired_card"),
            captured.clone(),
            "expired_card",
            0,
        ),
        (SubscriptionStatus::Active, captured, "expired_card", 0),
        (
            SubscriptionStatus::Unpaid { since: now() },
            PaymentStatus::Pending,
            "expired_card",
            0,
        ),
        (
            past_due("authentication_required"),
            PaymentStatus::Pending,
            "authentication_required",
            0,
        ),
    ] {
        let cloud = cloud();
        cloud.put(&subscription(status));
        cloud.put(&payment(paid, hosted(hours(1))));
        let kind = EventKind::RenewalDeclined {
            subscription: id(),
            payment: id(),
            attempt: 1,
            code: code.to_owned(),
        };
        assert_eq!(delivered(cloud, of_account(kind)).await.len(), mails);
    }
}

#[tokio::test]
async fn a_payment_page_is_mailed_while_it_is_open() {
    for (attempt, closes_at, subjects) in [
        (
            2,
            hours(1),
            vec!["Votre banque vous demande de confirmer un paiement"],
        ),
        (1, hours(1), vec![]),
        (2, now(), vec![]),
    ] {
        let cloud = cloud();
        cloud.put(&subscription(past_due("authentication_required")));
        cloud.put(&payment(PaymentStatus::Pending, hosted(closes_at)));
        assert_eq!(
            delivered(
                cloud,
                of_account(EventKind::PaymentPageOpened {
                    payment: id(),
                    attempt
                })
            )
            .await,
            subjects
        );
    }
}

#[tokio::test]
async fn the_end_of_access_is_told_unless_it_was_restored() {
    for (status, mails) in [
        (SubscriptionStatus::Unpaid { since: now() }, 1),
        (SubscriptionStatus::Active, 0),
    ] {
        let cloud = cloud();
        cloud.put(&subscription(status));
        assert_eq!(
            delivered(
                cloud,
                of_account(EventKind::SubscriptionUnpaid { subscription: id() })
            )
            .await
            .len(),
            mails
        );
    }
}

#[tokio::test]
async fn an_event_nobody_delivered_is_handed_on_again_and_in_the_end_left_to_a_person() {
    for (hours_old, due) in [
        (0, Some("2026-11-20T08:05:00Z")),
        (3, Some("2026-11-20T11:00:00Z")),
        (49, None),
    ] {
        let at = now()
            .checked_sub(SignedDuration::from_hours(hours_old))
            .unwrap();
        let kind = EventKind::RegistrationRepeated { user: id() };
        let event = event(id(), Owner::User { user: id() }, kind, at);
        let cloud = cloud();
        cloud.put(&event);
        let cloud = Arc::new(cloud);
        let app = app(&cloud);
        let handed = app.store().hand_on_again(&event.key(), app.now()).await;
        handed.unwrap();
        let timer = due.map(|due| format!("{due}#{}", event.key().sk));
        assert_eq!(cloud.attribute(&event.key(), "due_at"), timer);
        assert!(cloud.attribute(&event.key(), "deliver_at").is_some());
    }
}
