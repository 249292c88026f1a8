//! Stripe's published test cards and what each of them does.
//!
//! Source: <https://docs.stripe.com/testing>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::checkout::PayError;
use crate::disputes::Disputes;
use crate::refunds::Refunding;

/// What the card network answers to one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Verdict {
    Approve,
    /// The buyer must pass 3-D Secure; off session that is a refusal.
    Authenticate,
    Decline(Refusal),
}

/// Why an attempt failed, as `last_payment_error` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    /// Only where the issuer refused. An expired card or a wrong security code
    /// is refused before the issuer is asked, so there `code` says it all.
    pub(crate) decline_code: Option<String>,
}

impl Refusal {
    /// The refusal a decline code stands for.
    pub(crate) fn of(reason: &str) -> Self {
        match reason {
            "expired_card" | "incorrect_cvc" | "incorrect_number" | "processing_error" => Self {
                code: reason.to_owned(),
                decline_code: None,
            },
            "authentication_required" => Self {
                code: reason.to_owned(),
                decline_code: Some(reason.to_owned()),
            },
            issuer => Self {
                code: "card_declined".to_owned(),
                decline_code: Some(issuer.to_owned()),
            },
        }
    }

    /// The buyer failed 3-D Secure.
    pub(crate) fn failed_authentication() -> Self {
        Self {
            code: "payment_intent_authentication_failure".to_owned(),
            decline_code: None,
        }
    }

    /// The most telling code: the issuer's, else the provider's.
    pub(crate) fn reason(&self) -> &str {
        self.decline_code.as_deref().unwrap_or(&self.code)
    }

    /// The error's `type`.
    pub(crate) fn kind(&self) -> &'static str {
        if self.code == "payment_intent_authentication_failure" {
            "invalid_request_error"
        } else {
            "card_error"
        }
    }

    /// The sentence shown to the buyer.
    pub(crate) fn message(&self) -> String {
        let text = match self.reason() {
            "insufficient_funds" => "Your card has insufficient funds.",
            "expired_card" => "Your card has expired.",
            "incorrect_cvc" => "Your card's security code is incorrect.",
            "processing_error" => {
                "An error occurred while processing your card. Try again in a little bit."
            }
            "authentication_required" => {
                "Your card was declined. This transaction requires authentication."
            }
            "payment_intent_authentication_failure" => {
                "The provided PaymentMethod has failed authentication."
            }
            _ => "Your card was declined.",
        };
        text.to_owned()
    }
}

/// When test cards expire.
const fn far() -> (i16, i8) {
    (2040, 12)
}

/// A card: how it looks and how it behaves with and without its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Card {
    brand: String,
    last4: String,
    /// The last month in which it is good.
    #[serde(default = "far")]
    expires: (i16, i8),
    pub(crate) on_session: Verdict,
    pub(crate) off_session: Verdict,
    /// How a capture on it is disputed at once, if it is.
    pub(crate) disputes: Option<Disputes>,
    /// What becomes of a refund to it, later.
    pub(crate) refunds: Refunding,
}

impl Card {
    /// The test card of that number; blanks and hyphens are allowed.
    ///
    /// # Errors
    /// [`PayError::InvalidNumber`] where the check digit is wrong,
    /// [`PayError::UnknownCard`] for a number that is not a test card.
    pub(crate) fn numbered(number: &str) -> Result<Self, PayError> {
        let digits: String = number
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect();
        if !passes_luhn(&digits) {
            return Err(PayError::InvalidNumber);
        }
        let (on_session, off_session) = behaviour_of(&digits).ok_or(PayError::UnknownCard)?;
        let last4 = digits
            .get(digits.len().saturating_sub(4)..)
            .unwrap_or_default()
            .to_owned();
        let disputes = match digits.as_str() {
            DISPUTED => Some(Disputes::AsFraud),
            INQUIRED => Some(Disputes::AsInquiry),
            _ => None,
        };
        let refunds = match digits.as_str() {
            REFUND_FAILS => Refunding::Fails,
            REFUND_WAITS => Refunding::Waits,
            _ => Refunding::Succeeds,
        };
        Ok(Self {
            brand: brand_of(&digits).to_owned(),
            last4,
            expires: far(),
            on_session,
            off_session,
            disputes,
            refunds,
        })
    }

    /// Makes the card answer `behave` to every off-session charge from now on.
    pub(crate) fn behave(&mut self, behave: &str) {
        self.off_session = match behave {
            "ok" => Verdict::Approve,
            "authentication_required" => Verdict::Authenticate,
            reason => Verdict::Decline(Refusal::of(reason)),
        };
    }

    /// Makes the card expire with another month; what was said of it before.
    pub(crate) fn expire_with(&mut self, year: i16, month: i8) -> Value {
        let (before_year, before_month) = std::mem::replace(&mut self.expires, (year, month));
        json!({ "exp_month": before_month, "exp_year": before_year })
    }

    /// The `card` member of a payment method.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "brand": self.brand,
            "country": "FR",
            "exp_month": self.expires.1,
            "exp_year": self.expires.0,
            "fingerprint": format!("sim{}{}", self.brand, self.last4),
            "funding": "credit",
            "last4": self.last4,
        })
    }
}

/// Paid, then disputed as fraudulent.
const DISPUTED: &str = "4000000000000259";
/// Paid, then the bank asks about it.
const INQUIRED: &str = "4000000000001976";
/// A refund to it is returned later.
const REFUND_FAILS: &str = "4000000000005126";
/// A refund to it is under way for a time.
const REFUND_WAITS: &str = "4000000000007726";

fn behaviour_of(digits: &str) -> Option<(Verdict, Verdict)> {
    let declined = |reason| {
        let verdict = Verdict::Decline(Refusal::of(reason));
        (verdict.clone(), verdict)
    };
    Some(match digits {
        "4242424242424242" | "4000056655665556" | "5555555555554444" | "2223003122003222"
        | "5200828282828210" | "378282246310005" | DISPUTED | INQUIRED | REFUND_FAILS
        | REFUND_WAITS => (Verdict::Approve, Verdict::Approve),
        "4000000000000002" => declined("generic_decline"),
        "4000000000009995" => declined("insufficient_funds"),
        "4000000000009987" => declined("lost_card"),
        "4000000000009979" => declined("stolen_card"),
        "4000000000000069" => declined("expired_card"),
        "4000000000000127" => declined("incorrect_cvc"),
        "4000000000000119" => declined("processing_error"),
        "4000000000000341" => (
            Verdict::Approve,
            Verdict::Decline(Refusal::of("generic_decline")),
        ),
        "4000002500003155" => (Verdict::Authenticate, Verdict::Approve),
        "4000002760003184" | "4000000000003220" => (Verdict::Authenticate, Verdict::Authenticate),
        _ => return None,
    })
}

fn brand_of(digits: &str) -> &'static str {
    match digits.as_bytes().first() {
        Some(b'4') => "visa",
        Some(b'3') => "amex",
        _ => "mastercard",
    }
}

/// The check digit of card numbers (ISO/IEC 7812-1, annex B).
fn passes_luhn(digits: &str) -> bool {
    if !(12..=19).contains(&digits.len()) {
        return false;
    }
    let mut sum = 0;
    for (position, digit) in digits.chars().rev().enumerate() {
        let Some(value) = digit.to_digit(10) else {
            return false;
        };
        let doubled = if position % 2 == 1 { value * 2 } else { value };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
    }
    sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_written_in_groups() {
        assert!(Card::numbered(" 4242 4242-4242 4242 ").is_ok());
    }

    #[test]
    fn a_wrong_check_digit_is_told_from_an_unknown_card() {
        assert_eq!(
            Card::numbered("4242424242424241"),
            Err(PayError::InvalidNumber)
        );
        assert_eq!(
            Card::numbered("not a card at all"),
            Err(PayError::InvalidNumber)
        );
        assert_eq!(
            Card::numbered("4111111111111111"),
            Err(PayError::UnknownCard)
        );
    }

    #[test]
    fn every_listed_card_has_a_right_check_digit() {
        for number in [
            "4242424242424242",
            "4000056655665556",
            "5555555555554444",
            "2223003122003222",
            "5200828282828210",
            "378282246310005",
            DISPUTED,
            INQUIRED,
            REFUND_FAILS,
            REFUND_WAITS,
            "4000000000000002",
            "4000000000009995",
            "4000000000009987",
            "4000000000009979",
            "4000000000000069",
            "4000000000000127",
            "4000000000000119",
            "4000000000000341",
            "4000002500003155",
            "4000002760003184",
            "4000000000003220",
        ] {
            assert!(Card::numbered(number).is_ok(), "{number}");
        }
    }

    #[test]
    fn only_the_issuer_gives_a_decline_code() {
        assert_eq!(Refusal::of("stolen_card").code, "card_declined");
        assert_eq!(Refusal::of("expired_card").decline_code, None);
        assert_eq!(Refusal::of("expired_card").reason(), "expired_card");
    }
}
