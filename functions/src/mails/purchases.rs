//! Mails about what was paid.

use super::letter::{Addressee, Letter};
use super::statement::Statement;
use domain::invoice::{Invoice, InvoiceNumber, Series};
use domain::locale::Locale;
use jiff::Timestamp;

/// Confirms a paid order, with its invoice.
pub fn order_confirmation(
    to: &Addressee,
    app_url: &str,
    invoice: &Invoice,
    (number, issued_at): (InvoiceNumber, Timestamp),
) -> Letter {
    let letter = match to.locale {
        Locale::Fr => Letter::new(
            to,
            format!("Votre commande est confirmée – facture {number}"),
            vec!["Merci pour votre commande. Votre paiement est reçu et vos abonnements sont actifs. Voici ce qui vous a été facturé.".to_owned()],
        ),
        Locale::En => Letter::new(
            to,
            format!("Your order is confirmed – invoice {number}"),
            vec!["Thank you for your order. Your payment was received and your subscriptions are active. This is what you were charged for.".to_owned()],
        ),
    };
    billed(letter, to, app_url, invoice, (number, issued_at))
}

/// Confirms a paid renewal, with its invoice.
pub fn renewal_receipt(
    to: &Addressee,
    app_url: &str,
    invoice: &Invoice,
    (number, issued_at): (InvoiceNumber, Timestamp),
) -> Letter {
    let letter = match to.locale {
        Locale::Fr => Letter::new(
            to,
            format!("Votre abonnement est renouvelé – facture {number}"),
            vec!["Votre abonnement est renouvelé et votre paiement est reçu. Voici ce qui vous a été facturé.".to_owned()],
        ),
        Locale::En => Letter::new(
            to,
            format!("Your subscription is renewed – invoice {number}"),
            vec!["Your subscription is renewed and your payment was received. This is what you were charged for.".to_owned()],
        ),
    };
    billed(letter, to, app_url, invoice, (number, issued_at))
}

/// Says what was given back and why, with its credit note.
pub fn refund_notice(
    to: &Addressee,
    app_url: &str,
    note: &Invoice,
    (number, issued_at): (InvoiceNumber, Timestamp),
) -> Letter {
    let reason = note.correction.as_ref().map(|it| it.reason.text(to.locale));
    let reason = reason.unwrap_or_default();
    let letter = match to.locale {
        Locale::Fr => Letter::new(
            to,
            format!("Nous vous avons remboursé – avoir {number}"),
            vec![
                "Un remboursement est parti vers votre moyen de paiement ; votre banque peut mettre quelques jours à l'afficher.".to_owned(),
                format!("Motif\u{a0}: {reason}"),
            ],
        ),
        Locale::En => Letter::new(
            to,
            format!("We have refunded you – credit note {number}"),
            vec![
                "A refund is on its way to your payment method; your bank may take some days to show it.".to_owned(),
                format!("Reason: {reason}"),
            ],
        ),
    };
    billed(letter, to, app_url, note, (number, issued_at))
}

fn billed(
    letter: Letter,
    to: &Addressee,
    app_url: &str,
    invoice: &Invoice,
    (number, issued_at): (InvoiceNumber, Timestamp),
) -> Letter {
    let label = match (to.locale, invoice.series()) {
        (Locale::Fr, Series::Invoice) => "Voir la facture",
        (Locale::En, Series::Invoice) => "See the invoice",
        (Locale::Fr, Series::CreditNote) => "Voir l'avoir",
        (Locale::En, Series::CreditNote) => "See the credit note",
    };
    letter
        .with_statement(Statement::of(invoice, number, issued_at, to))
        .with_action(label, format!("{app_url}/invoices/{}", invoice.id))
}
