//! Which declines are final.

use domain::dunning::{DeclineKind, Dunning, DunningPolicy, Next, classify};

/// Declines after which the same card is not charged again, as the provider
/// writes them (docs.stripe.com/declines/codes). Among them are the words of a
/// cardholder who forbade it: whoever charges on is fined by the card schemes.
const FINAL: [&str; 22] = [
    "blocklist",
    "card_not_supported",
    "expired_card",
    "fraudulent",
    "incorrect_cvc",
    "incorrect_number",
    "invalid_account",
    "invalid_cvc",
    "invalid_expiry_year",
    "invalid_pin",
    "live_mode_test_card",
    "lost_card",
    "merchant_blacklist",
    "not_permitted",
    "pickup_card",
    "previously_declined_do_not_retry",
    "restricted_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "security_violation",
    "stolen_card",
    "stop_payment_order",
];

#[test]
fn after_a_final_decline_nothing_is_scheduled_but_the_end() {
    let policy = DunningPolicy::default();
    let failed = crate::samples::now();
    for code in FINAL {
        assert_eq!(classify(code, &policy), DeclineKind::Hard, "{code}");
        let (dunning, next) = Dunning::start(failed, code, &policy);
        assert_eq!(next, Next::EndAt(dunning.ends_at(&policy)), "{code}");
    }
}
