//! Why a payment went as it did, in plain words.

use domain::locale::Locale;
use domain::payment::{Attempt, Channel, Outcome};

/// Why a charge was declined, as a part of a sentence. A card reported lost or
/// stolen, or a suspicion of fraud, reads like any refusal: who holds the card
/// may not be its owner (docs.stripe.com/declines/codes).
pub(crate) fn decline_reason(code: &str, locale: Locale) -> &'static str {
    let (french, english) = card_fault(code).or_else(|| other_fault(code)).unwrap_or((
        "la banque a refusé le paiement",
        "the bank declined the payment",
    ));
    match locale {
        Locale::Fr => french,
        Locale::En => english,
    }
}

/// What is wrong with the card or the account behind it, in both languages.
fn card_fault(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "insufficient_funds" => (
            "le compte n'est pas assez approvisionné",
            "the account has insufficient funds",
        ),
        "expired_card" => ("la carte a expiré", "the card has expired"),
        "card_velocity_exceeded" | "withdrawal_count_limit_exceeded" => (
            "le plafond de la carte est atteint",
            "the limit of the card is reached",
        ),
        "card_not_supported"
        | "currency_not_supported"
        | "not_permitted"
        | "service_not_allowed"
        | "transaction_not_allowed" => (
            "la carte ne permet pas ce type de paiement",
            "the card does not support this kind of payment",
        ),
        "incorrect_cvc"
        | "incorrect_number"
        | "incorrect_pin"
        | "invalid_cvc"
        | "invalid_expiry_month"
        | "invalid_expiry_year"
        | "invalid_pin" => (
            "les données de la carte sont incorrectes",
            "the card details are incorrect",
        ),
        "invalid_account" | "new_account_information_available" => (
            "la carte ou son compte n'est plus valable",
            "the card or its account is not valid any more",
        ),
        _ => return None,
    })
}

/// What else kept the money from moving, in both languages.
fn other_fault(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "revocation_of_all_authorizations"
        | "revocation_of_authorization"
        | "stop_payment_order" => (
            "l'autorisation de paiement a été révoquée auprès de la banque",
            "the authorisation to pay was revoked at the bank",
        ),
        "processing_error" | "issuer_not_available" | "reenter_transaction" | "try_again_later" => {
            (
                "la banque n'a pas pu traiter le paiement",
                "the bank could not process the payment",
            )
        }
        "authentication_required" | "page_unavailable" => (
            "la banque demande que vous confirmiez le paiement",
            "the bank asks you to confirm the payment",
        ),
        "payment_intent_authentication_failure" => (
            "le paiement n'a pas été confirmé auprès de la banque",
            "the payment was not confirmed with the bank",
        ),
        "session_expired" => (
            "le paiement n'a pas été terminé à temps",
            "the payment was not completed in time",
        ),
        "no_card" => ("aucune carte n'est enregistrée", "there is no saved card"),
        // It never reached a bank: perhaps the card is not there any more.
        "not_created" => (
            "le paiement n'a pas pu être demandé à la banque",
            "the payment could not be requested from the bank",
        ),
        "canceled" | "superseded" => ("le paiement a été annulé", "the payment was canceled"),
        _ => return None,
    })
}

/// How an attempt stands, in a sentence.
pub(crate) fn attempt_reason(attempt: &Attempt, locale: Locale) -> String {
    let declined = |code: &str| sentence(decline_reason(code, locale));
    let (french, english) = match (&attempt.outcome, &attempt.channel) {
        (Outcome::Failed { code, .. }, _) => return declined(code),
        (Outcome::NeedsCustomer { .. }, _) => return declined("authentication_required"),
        (Outcome::NotCreated { .. }, _) => return declined("not_created"),
        (Outcome::Succeeded { .. }, _) => {
            ("Le paiement a été encaissé.", "The payment was collected.")
        }
        (Outcome::InFlight, Channel::Hosted { .. }) => match attempt.last_decline() {
            Some(code) => return format!("{} {}", declined(code), try_again(locale)),
            None => (
                "La page de paiement vous attend.",
                "The payment page waits for you.",
            ),
        },
        (Outcome::InFlight, Channel::OffSession { .. }) => {
            ("Le paiement est en cours.", "The payment is under way.")
        }
        (Outcome::Unknown, _) => (
            "Nous ne savons pas encore si le paiement a abouti.",
            "We do not know yet whether the payment went through.",
        ),
    };
    match locale {
        Locale::Fr => french.to_owned(),
        Locale::En => english.to_owned(),
    }
}

fn try_again(locale: Locale) -> &'static str {
    match locale {
        Locale::Fr => "La page de paiement reste ouverte.",
        Locale::En => "The payment page is still open.",
    }
}

/// A part of a sentence as a sentence of its own.
pub(crate) fn sentence(part: &str) -> String {
    let mut letters = part.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stolen_card_reads_like_any_refusal() {
        for code in [
            "stolen_card",
            "lost_card",
            "pickup_card",
            "fraudulent",
            "do_not_honor",
            "a_new_code",
        ] {
            assert_eq!(
                decline_reason(code, Locale::En),
                "the bank declined the payment"
            );
        }
        assert_eq!(
            decline_reason("insufficient_funds", Locale::Fr),
            "le compte n'est pas assez approvisionné"
        );
    }

    #[test]
    fn a_reason_alone_is_a_sentence() {
        assert_eq!(
            sentence(decline_reason("expired_card", Locale::Fr)),
            "La carte a expiré."
        );
        assert_eq!(sentence(""), ".");
    }
}
