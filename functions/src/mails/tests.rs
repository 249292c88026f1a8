//! Every mail in both languages.

use super::samples::{
    APP, addressee, card, euros, id, invoice, now, number, paris, seller, subscription, user,
};
use super::{Addressee, Letter, logins, purchases, renewals};
use domain::dunning::Next;
use domain::id::{InvoiceId, OrderId, SubscriptionId};
use domain::invoice::InvoiceStatus;
use domain::locale::Locale;
use domain::payment::Purpose;
use domain::subscription::SubscriptionStatus;
use jiff::Timestamp;
use platform::mail::Mail;

const LOCALES: [Locale; 2] = [Locale::Fr, Locale::En];

fn retry() -> Timestamp {
    "2026-12-01T08:00:00Z".parse().unwrap()
}

fn render(letter: &Letter) -> Mail {
    letter.render(&seller()).unwrap()
}

fn bought(
    to: &Addressee,
    letter: fn(
        &Addressee,
        &str,
        &domain::invoice::Invoice,
        (domain::invoice::InvoiceNumber, Timestamp),
    ) -> Letter,
) -> Letter {
    let status = InvoiceStatus::Paid {
        number: number(),
        issued_at: now(),
        paid_at: now(),
    };
    let invoice = invoice(
        Purpose::Order {
            order: id::<OrderId>(),
        },
        status,
    );
    letter(to, APP, &invoice, (number(), now()))
}

fn failed(to: &Addressee, code: &str, next: Next) -> Mail {
    let subscription = subscription(SubscriptionStatus::Active);
    render(&renewals::payment_failed(
        to,
        APP,
        &subscription,
        euros(32_400),
        code,
        next,
    ))
}

/// Each mail with the link it must hold.
fn all(to: &Addressee) -> Vec<(String, Mail)> {
    let subscription = subscription(SubscriptionStatus::Active);
    let subscription_page = format!("{APP}/subscriptions/{}", id::<SubscriptionId>());
    let invoice_page = format!("{APP}/invoices/{}", id::<InvoiceId>());
    let page = "https://checkout.example/c/pay/cs_1?a=1&b=2#x".to_owned();
    vec![
        (
            format!("{APP}/verify-email?token=t0-_k"),
            render(&logins::verification(to, APP, "t0-_k")),
        ),
        (
            format!("{APP}/login"),
            render(&logins::already_registered(to, APP)),
        ),
        (
            format!("{APP}/login"),
            render(&logins::session_reused(to, APP, now())),
        ),
        (
            invoice_page.clone(),
            render(&bought(to, purchases::order_confirmation)),
        ),
        (
            invoice_page,
            render(&bought(to, purchases::renewal_receipt)),
        ),
        (
            subscription_page.clone(),
            failed(to, "expired_card", Next::EndAt(retry())),
        ),
        (
            page.clone(),
            render(&renewals::confirmation_needed(
                to,
                &subscription,
                euros(32_400),
                page,
                retry(),
            )),
        ),
        (
            format!("{APP}/payment-methods"),
            render(&renewals::card_expiring(to, APP, &card())),
        ),
        (
            subscription_page,
            render(&renewals::access_ended(to, APP, &subscription)),
        ),
    ]
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
}

#[test]
fn every_mail_has_a_subject_of_its_own_a_greeting_and_its_link() {
    let mut subjects = std::collections::HashSet::new();
    for locale in LOCALES {
        for (link, mail) in all(&addressee(locale)) {
            assert!(subjects.insert(mail.subject.clone()), "{}", mail.subject);
            assert!(
                !mail.subject.contains(['\n', '\r']) && mail.subject.len() < 78,
                "{}",
                mail.subject
            );
            assert!(mail.text.contains("Ada <b>&,"), "{}", mail.text);
            assert!(mail.text.lines().any(|line| line == link), "{}", mail.text);
            assert!(
                mail.html
                    .contains(&format!("<a href=\"{}\"", escaped(&link))),
                "{}",
                mail.html
            );
            assert!(
                mail.html
                    .contains(&format!("<html lang=\"{}\">", locale.as_str()))
            );
        }
    }
}

#[test]
fn names_are_escaped_in_html_and_plain_in_text() {
    for locale in LOCALES {
        for (_, mail) in all(&addressee(locale)) {
            assert!(mail.html.contains("Ada &lt;b&gt;&amp;,"), "{}", mail.html);
            assert!(
                !mail.html.contains("<b>") && !mail.html.contains("<R&D>"),
                "{}",
                mail.html
            );
            assert!(
                !mail.text.contains("&lt;") && !mail.text.contains("&amp;"),
                "{}",
                mail.text
            );
        }
    }
}

#[test]
fn nothing_is_left_to_fill_in_and_nothing_is_fetched() {
    for locale in LOCALES {
        for (_, mail) in all(&addressee(locale)) {
            for part in [&mail.subject, &mail.text, &mail.html] {
                assert!(
                    !part.contains("{{") && !part.contains("{%") && !part.contains("  \n"),
                    "{part}"
                );
            }
            assert!(!mail.text.contains("none"), "{}", mail.text);
            for remote in ["src=", "@import", "url(", "<script", "<table"] {
                assert!(!mail.html.contains(remote), "{remote}");
            }
            assert!(!mail.text.contains("\n\n\n"), "{}", mail.text);
        }
    }
}

#[test]
fn an_unconfirmed_address_reads_no_name_a_stranger_chose() {
    for locale in LOCALES {
        let to = Addressee::new(user("Call 555 now", locale, false), locale, paris());
        let mail = render(&logins::verification(&to, APP, "t"));
        assert!(!mail.text.contains("Call 555") && !mail.html.contains("Call 555"));
    }
}

#[test]
fn the_order_confirmation_shows_the_invoice_line_by_line() {
    let french = render(&bought(
        &addressee(Locale::Fr),
        purchases::order_confirmation,
    ));
    assert_eq!(
        french.subject,
        "Votre commande est confirmée – facture F2026-000042"
    );
    let statement = "Facture F2026-000042 du 20 novembre 2026\n\n\
        - EDR – Équipe <R&D>\n  3 × 100,00\u{a0}€ = 300,00\u{a0}€ HT\n  Du 20 novembre 2026 au 20 décembre 2026\n\n\
        Sous-total HT\u{a0}: 300,00\u{a0}€\nRemise\u{a0}: 30,00\u{a0}€\nTVA 20\u{a0}%\u{a0}: 54,00\u{a0}€\nTotal TTC\u{a0}: 324,00\u{a0}€\n";
    assert!(french.text.contains(statement), "{}", french.text);
    let english = render(&bought(
        &addressee(Locale::En),
        purchases::order_confirmation,
    ));
    assert_eq!(
        english.subject,
        "Your order is confirmed – invoice F2026-000042"
    );
    let statement = "Invoice F2026-000042 of 20 November 2026\n\n\
        - EDR – <R&D> team\n  3 × €100.00 = €300.00 excl. VAT\n  From 20 November 2026 to 20 December 2026\n\n\
        Subtotal excl. VAT: €300.00\nDiscount: €30.00\nVAT 20%: €54.00\nTotal incl. VAT: €324.00\n";
    assert!(english.text.contains(statement), "{}", english.text);
    assert!(
        english.html.contains("<strong>€324.00</strong>"),
        "{}",
        english.html
    );
}

#[test]
fn a_declined_renewal_says_why_and_when_it_is_tried_again() {
    let mail = failed(
        &addressee(Locale::Fr),
        "insufficient_funds",
        Next::RetryAt(retry()),
    );
    assert!(mail.text.contains("324,00\u{a0}€ TTC"), "{}", mail.text);
    assert!(
        mail.text
            .contains("le compte n'est pas assez approvisionné."),
        "{}",
        mail.text
    );
    assert!(
        mail.text
            .contains("Nous réessaierons le 1er décembre 2026."),
        "{}",
        mail.text
    );
    let mail = failed(&addressee(Locale::En), "expired_card", Next::EndAt(retry()));
    assert!(mail.text.contains("the card has expired."), "{}", mail.text);
    assert!(
        mail.text.contains("will be suspended on 1 December 2026."),
        "{}",
        mail.text
    );
    assert!(!mail.text.contains("try again"), "{}", mail.text);
}

#[test]
fn a_whole_mail_reads_from_top_to_bottom() {
    let mail = render(&logins::verification(&addressee(Locale::En), APP, "t0"));
    let expected = "Hello Ada <b>&,\n\n\
        A CYNA account has just been created with this address. Confirm that it is yours to be able to sign in.\n\n\
        Confirm my address:\nhttps://app.cyna.example/verify-email?token=t0\n\n\
        This link is valid for 24 hours and works once.\n\n\
        You did not create an account? Ignore this message: without confirmation nobody can use it.\n\n\
        The CYNA team\n\n\
        CYNA, SAS with a share capital of 10 000 € – 10 rue de Penthièvre, 75008 Paris – SIREN 732829320 – RCS Paris 732 829 320 – VAT FR44732829320";
    assert_eq!(mail.text, expected);
}
