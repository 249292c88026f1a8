//! What the payment provider says, as JSON.

use domain::id::{AccountId, Id as _, InvoiceId, OrderId, PaymentId, SubscriptionId};
use domain::payment::{ProviderOutcome, Purpose, Reference};
use platform::payments::inbox;
use platform::payments::objects::{Intent, List, Locator, Session};
use std::collections::HashMap;

/// An event is read only with an id of the provider's form; an intent is only
/// believed with a known currency, a known status, our reference and no more
/// received than asked for; and where it belongs is read back as it was
/// written.
pub(crate) fn objects(data: &[u8]) {
    if let Some(envelope) = inbox::read(data) {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let id = envelope.id.strip_prefix("evt_").expect("a prefix");
        assert!(
            (1..=250).contains(&id.len()) && id.chars().all(plain),
            "{id:?}"
        );
    }
    if let Ok(intent) = serde_json::from_slice::<Intent>(data) {
        believed(&intent);
    }
    if let Ok(session) = serde_json::from_slice::<Session>(data) {
        located(&session.metadata);
    }
    let _ = serde_json::from_slice::<List<Intent>>(data);
    let _ = serde_json::from_slice::<List<Session>>(data);
    if let Ok(metadata) = serde_json::from_slice::<HashMap<String, String>>(data) {
        located(&metadata);
    }
    made(data);
}

fn believed(intent: &Intent) {
    located(&intent.metadata);
    let Ok(seen) = intent.observe() else {
        return;
    };
    assert!(seen.received <= seen.amount.amount());
    assert_eq!(seen.amount.amount(), intent.amount);
    assert_eq!(
        seen.amount.currency().as_str(),
        intent.currency.to_uppercase()
    );
    assert_eq!(
        Some(seen.reference),
        Locator::read(&intent.metadata).map(|at| at.reference)
    );
    let captured = seen.outcome == ProviderOutcome::Captured;
    assert_eq!(captured, intent.status == "succeeded");
}

/// What is read from metadata is what stands there.
fn located(metadata: &HashMap<String, String>) {
    let Some(at) = Locator::read(metadata) else {
        return;
    };
    for (name, value) in at.metadata() {
        assert_eq!(metadata.get(name), Some(&value), "{name}");
    }
}

/// Whatever is written is read back.
fn made(data: &[u8]) {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(data) {
        *to = *from;
    }
    let bits = u128::from_be_bytes(bytes);
    let attempt = u32::try_from(bits % (1 << 32)).unwrap_or(u32::MAX);
    let order = Purpose::Order {
        order: OrderId::from_bits(bits.rotate_left(1)),
    };
    let renewal = Purpose::Renewal {
        subscription: SubscriptionId::from_bits(bits.rotate_left(2)),
        index: attempt.rotate_left(3),
    };
    for purpose in [order, renewal] {
        let at = Locator {
            reference: Reference {
                account: AccountId::from_bits(bits),
                payment: PaymentId::from_bits(!bits),
                attempt,
            },
            purpose,
            invoice: InvoiceId::from_bits(bits.rotate_left(4)),
        };
        let metadata = at.metadata().into_iter();
        let metadata = metadata.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(Locator::read(&metadata.collect()), Some(at));
    }
}
