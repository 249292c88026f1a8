//! Mails about renewals that were not paid.

use super::letter::{Addressee, Letter};
use super::words::{day, moment};
use crate::payments::reasons::decline_reason;
use domain::card::Card;
use domain::dunning::Next;
use domain::locale::Locale;
use domain::money::Money;
use domain::subscription::Subscription;
use jiff::Timestamp;

/// Says that a renewal of `amount` was declined, why, and what comes next.
pub fn payment_failed(
    to: &Addressee,
    app_url: &str,
    subscription: &Subscription,
    amount: Money,
    code: &str,
    next: Next,
) -> Letter {
    let (amount, product) = (amount.format(to.locale), subscription.name.get(to.locale));
    let reason = decline_reason(code, to.locale);
    let link = subscription_page(app_url, subscription);
    match to.locale {
        Locale::Fr => Letter::new(
            to,
            "Le paiement de votre abonnement a échoué",
            vec![
                format!("Nous n'avons pas pu encaisser {amount} TTC pour le renouvellement de {product}\u{a0}: {reason}."),
                match next {
                    Next::RetryAt(at) => format!("Nous réessaierons le {}. D'ici là, vérifiez que votre moyen de paiement est utilisable.", day(at, &to.zone, to.locale)),
                    Next::EndAt(at) => format!("Nous ne présenterons plus ce moyen de paiement. Sans règlement de votre part, l'abonnement sera suspendu le {}.", day(at, &to.zone, to.locale)),
                },
            ],
        )
        .with_action("Voir mon abonnement", link),
        Locale::En => Letter::new(
            to,
            "The payment for your subscription failed",
            vec![
                format!("We could not collect {amount} incl. VAT for the renewal of {product}: {reason}."),
                match next {
                    Next::RetryAt(at) => format!("We will try again on {}. Until then, please check that your payment method can be used.", day(at, &to.zone, to.locale)),
                    Next::EndAt(at) => format!("We will not charge this payment method again. Unless you pay, the subscription will be suspended on {}.", day(at, &to.zone, to.locale)),
                },
            ],
        )
        .with_action("See my subscription", link),
    }
}

/// Asks the customer to confirm a renewal of `amount` on the provider's page,
/// which closes at `closes_at`.
pub fn confirmation_needed(
    to: &Addressee,
    subscription: &Subscription,
    amount: Money,
    page_url: String,
    closes_at: Timestamp,
) -> Letter {
    let (amount, product) = (amount.format(to.locale), subscription.name.get(to.locale));
    let until = moment(closes_at, &to.zone, to.locale);
    match to.locale {
        Locale::Fr => Letter::new(
            to,
            "Votre banque vous demande de confirmer un paiement",
            vec![format!("Pour renouveler {product}, votre banque demande que vous confirmiez vous-même le paiement de {amount} TTC, sur la page sécurisée de notre prestataire de paiement.")],
        )
        .with_action("Confirmer le paiement", page_url)
        .with_note(format!("Cette page reste ouverte jusqu'au {until}. Votre carte n'est débitée qu'une fois.")),
        Locale::En => Letter::new(
            to,
            "Your bank asks you to confirm a payment",
            vec![format!("To renew {product}, your bank wants you to confirm the payment of {amount} incl. VAT yourself, on the secure page of our payment provider.")],
        )
        .with_action("Confirm the payment", page_url)
        .with_note(format!("This page stays open until {until}. Your card is charged only once.")),
    }
}

/// Says that access ended because the renewal stayed unpaid.
pub fn access_ended(to: &Addressee, app_url: &str, subscription: &Subscription) -> Letter {
    let product = subscription.name.get(to.locale);
    let link = subscription_page(app_url, subscription);
    match to.locale {
        Locale::Fr => Letter::new(
            to,
            "Votre abonnement est suspendu",
            vec![
                format!("Malgré plusieurs rappels, le renouvellement de {product} n'a pas été réglé. L'accès au service est coupé et aucune nouvelle période ne sera facturée."),
                "Pour reprendre le service, passez une nouvelle commande ou contactez-nous.".to_owned(),
            ],
        )
        .with_action("Voir mon abonnement", link),
        Locale::En => Letter::new(
            to,
            "Your subscription is suspended",
            vec![
                format!("In spite of our reminders, the renewal of {product} was not paid. Access to the service is off and no further period will be charged."),
                "To take the service up again, place a new order or contact us.".to_owned(),
            ],
        )
        .with_action("See my subscription", link),
    }
}

/// Says that the card renewals are charged to expires at the end of a month,
/// and what to do about it.
pub fn card_expiring(to: &Addressee, app_url: &str, card: &Card) -> Letter {
    let (last4, expires) = (&card.face.last4, card.face.expires);
    let month = format!("{:02}/{}", expires.month, expires.year);
    let link = format!("{app_url}/payment-methods");
    match to.locale {
        Locale::Fr => Letter::new(
            to,
            "Votre carte bancaire arrive à expiration",
            vec![
                format!("La carte se terminant par {last4}, avec laquelle vos abonnements se renouvellent, expire fin {month}."),
                "Pour que le service continue sans interruption, enregistrez une autre carte et choisissez-la par défaut.".to_owned(),
            ],
        )
        .with_action("Gérer mes cartes", link),
        Locale::En => Letter::new(
            to,
            "Your card is about to expire",
            vec![
                format!("The card ending in {last4}, by which your subscriptions renew, expires at the end of {month}."),
                "So that the service goes on without a break, save another card and make it the default.".to_owned(),
            ],
        )
        .with_action("Manage my cards", link),
    }
}

fn subscription_page(app_url: &str, subscription: &Subscription) -> String {
    format!("{app_url}/subscriptions/{}", subscription.id)
}
