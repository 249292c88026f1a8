//! Dates, rates and reasons as customers read them.

use domain::anchor::Zone;
use domain::locale::Locale;
pub(super) use domain::written::date;
pub(crate) use domain::written::percent;
use jiff::Timestamp;

/// The day of a moment in a zone.
pub(super) fn day(at: Timestamp, zone: &Zone, locale: Locale) -> String {
    date(zone.local(at).date(), locale)
}

/// `20 novembre 2026 à 14:30 (Europe/Paris)`.
pub(super) fn moment(at: Timestamp, zone: &Zone, locale: Locale) -> String {
    let local = zone.local(at);
    let joint = match locale {
        Locale::Fr => "à",
        Locale::En => "at",
    };
    let day = date(local.date(), locale);
    format!(
        "{day} {joint} {:02}:{:02} ({})",
        local.hour(),
        local.minute(),
        zone.name()
    )
}

/// Why a charge was declined. A card reported lost or stolen, or a suspicion
/// of fraud, reads like any refusal: who holds the card may not be its owner
/// (docs.stripe.com/declines/codes).
pub(super) fn decline_reason(code: &str, locale: Locale) -> &'static str {
    let (french, english) = match code {
        "insufficient_funds" => (
            "le compte n'est pas assez approvisionné",
            "the account has insufficient funds",
        ),
        "expired_card" => ("la carte a expiré", "the card has expired"),
        "card_velocity_exceeded" | "withdrawal_count_limit_exceeded" => (
            "le plafond de la carte est atteint",
            "the limit of the card is reached",
        ),
        "card_not_supported" | "currency_not_supported" => (
            "la carte ne permet pas ce type de paiement",
            "the card does not support this kind of payment",
        ),
        "incorrect_cvc"
        | "incorrect_number"
        | "invalid_cvc"
        | "invalid_expiry_month"
        | "invalid_expiry_year" => (
            "les données de la carte sont incorrectes",
            "the card details are incorrect",
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
        "session_expired" => (
            "le paiement n'a pas été terminé à temps",
            "the payment was not completed in time",
        ),
        // It never reached a bank: perhaps the card is not there any more.
        "not_created" => (
            "le paiement n'a pas pu être demandé à la banque",
            "the payment could not be requested from the bank",
        ),
        _ => (
            "la banque a refusé le paiement",
            "the bank declined the payment",
        ),
    };
    match locale {
        Locale::Fr => french,
        Locale::En => english,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_the_reader_s_zone() {
        let at: Timestamp = "2026-12-31T23:05:00Z".parse().unwrap();
        let paris = Zone::parse("Europe/Paris").unwrap();
        assert_eq!(
            moment(at, &paris, Locale::Fr),
            "1er janvier 2027 à 00:05 (Europe/Paris)"
        );
        assert_eq!(
            moment(at, &Zone::UTC, Locale::En),
            "31 December 2026 at 23:05 (UTC)"
        );
        assert_eq!(day(at, &paris, Locale::En), "1 January 2027");
    }

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
}
