//! What happened to an order as JSON, in words that customers read.

use crate::mails::words::moment;
use crate::payments::reasons::decline_reason;
use domain::anchor::Zone;
use domain::locale::Locale;
use domain::order::Order;
use domain::timeline::{BankAct, Happening, Moment};
use platform::http::views::MoneyView;
use serde::Serialize;

/// One thing that happened to an order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct TimelineView {
    /// When it happened, or was learnt from the payment provider.
    pub at: String,
    /// `order_placed`, `payment_page_opened`, `payment_declined`,
    /// `authentication_required`, `payment_page_closed`,
    /// `payment_not_requested`, `payment_captured`, `payment_given_up`,
    /// `refund_made`, `refund_returned`, `payment_disputed`, `dispute_closed`,
    /// `order_paid`, `subscription_started`, `invoice_issued`, `order_canceled`, `order_expired`, `order_refunded`,
    /// `surplus_captured` or `surplus_refunded`; new ones may come.
    pub event: &'static str,
    /// The same in plain words, with its cause.
    pub text: String,
    /// The payment, where it is about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    /// The try at the payment, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// With `payment_declined`: the provider's code; new ones may come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline_code: Option<String>,
    /// What was taken or given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<MoneyView>,
    /// The subscription that began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<String>,
    /// The invoice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice_number: Option<String>,
    /// The refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    /// Its credit note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_note_id: Option<String>,
}

impl TimelineView {
    /// What every moment says.
    fn bare(happened: &Moment, locale: Locale) -> Self {
        Self {
            at: happened.at.to_string(),
            event: happened.what.name(),
            text: words(&happened.what, locale),
            payment_id: None,
            attempt: None,
            decline_code: None,
            amount: None,
            subscription_id: None,
            invoice_id: None,
            invoice_number: None,
            refund_id: None,
            credit_note_id: None,
        }
    }

    /// What a bank did with the money.
    fn bank(act: BankAct, bare: Self, payment_id: Option<String>) -> Self {
        let (amount, refund) = match act {
            BankAct::RefundReturned { refund, amount } => (amount, Some(refund)),
            BankAct::PaymentDisputed { amount } | BankAct::DisputeClosed { amount, .. } => {
                (amount, None)
            }
        };
        Self {
            payment_id,
            amount: Some(amount.into()),
            refund_id: refund.map(|refund| refund.to_string()),
            ..bare
        }
    }

    /// What happened to this order, in a language.
    pub fn of(happened: &Moment, order: &Order, locale: Locale) -> Self {
        let bare = Self::bare(happened, locale);
        let paying = Some(order.payment.to_string());
        match &happened.what {
            Happening::OrderPlaced
            | Happening::OrderPaid
            | Happening::OrderCanceled
            | Happening::OrderExpired
            | Happening::OrderRefunded => bare,
            Happening::PaymentPageOpened { attempt, .. }
            | Happening::AuthenticationRequired { attempt }
            | Happening::PaymentPageClosed { attempt }
            | Happening::PaymentNotRequested { attempt } => Self {
                payment_id: paying,
                attempt: Some(*attempt),
                ..bare
            },
            Happening::PaymentDeclined { attempt, code } => Self {
                payment_id: paying,
                attempt: Some(*attempt),
                decline_code: Some(code.clone()),
                ..bare
            },
            Happening::PaymentCaptured { attempt, amount } => Self {
                payment_id: paying,
                attempt: *attempt,
                amount: Some((*amount).into()),
                ..bare
            },
            Happening::PaymentGivenUp => Self {
                payment_id: paying,
                ..bare
            },
            Happening::RefundMade {
                refund,
                amount,
                credit_note,
                ..
            } => Self {
                payment_id: paying,
                amount: Some((*amount).into()),
                refund_id: Some(refund.to_string()),
                credit_note_id: Some(credit_note.to_string()),
                ..bare
            },
            Happening::Bank(act) => Self::bank(*act, bare, paying),
            Happening::SurplusCaptured { amount } | Happening::SurplusRefunded { amount } => Self {
                payment_id: paying,
                amount: Some((*amount).into()),
                ..bare
            },
            Happening::SubscriptionStarted { subscription, .. } => Self {
                subscription_id: Some(subscription.to_string()),
                ..bare
            },
            Happening::InvoiceIssued { number } => Self {
                invoice_id: Some(order.invoice.to_string()),
                invoice_number: Some(number.to_string()),
                ..bare
            },
        }
    }
}

/// What a bank did with the money, for whoever paid.
fn bank(act: BankAct, locale: Locale) -> String {
    match (act, locale) {
        (BankAct::RefundReturned { amount, .. }, Locale::Fr) => format!(
            "Le remboursement de {} nous est revenu de la banque\u{a0}; nous vous le devons toujours.",
            amount.format(locale)
        ),
        (BankAct::RefundReturned { amount, .. }, Locale::En) => format!(
            "The refund of {} came back from the bank; we still owe it to you.",
            amount.format(locale)
        ),
        (BankAct::PaymentDisputed { amount }, Locale::Fr) => format!(
            "Votre paiement de {} a été contesté auprès de la banque.",
            amount.format(locale)
        ),
        (BankAct::PaymentDisputed { amount }, Locale::En) => format!(
            "Your payment of {} was disputed at the bank.",
            amount.format(locale)
        ),
        (BankAct::DisputeClosed { amount, lost: true }, Locale::Fr) => format!(
            "La contestation est close\u{a0}: la banque a rendu {}.",
            amount.format(locale)
        ),
        (BankAct::DisputeClosed { amount, lost: true }, Locale::En) => format!(
            "The dispute is closed: the bank gave {} back.",
            amount.format(locale)
        ),
        (BankAct::DisputeClosed { lost: false, .. }, Locale::Fr) => {
            "La contestation est close\u{a0}: la banque n'a rien rendu.".to_owned()
        }
        (BankAct::DisputeClosed { lost: false, .. }, Locale::En) => {
            "The dispute is closed: the bank gave nothing back.".to_owned()
        }
    }
}

fn words(what: &Happening, locale: Locale) -> String {
    match locale {
        Locale::Fr => french(what),
        Locale::En => english(what),
    }
}

fn french(what: &Happening) -> String {
    let locale = Locale::Fr;
    match what {
        Happening::OrderPlaced => "Vous avez passé la commande.".to_owned(),
        Happening::PaymentPageOpened { closes_at, .. } => format!(
            "La page de paiement s'est ouverte, jusqu'au {}.",
            moment(*closes_at, &Zone::UTC, locale)
        ),
        Happening::PaymentDeclined { code, .. } => format!(
            "Un essai de paiement n'a pas abouti\u{a0}: {}.",
            decline_reason(code, locale)
        ),
        Happening::AuthenticationRequired { .. } => {
            "La banque demande que vous confirmiez le paiement.".to_owned()
        }
        Happening::PaymentPageClosed { .. } => {
            "La page de paiement s'est fermée sans paiement.".to_owned()
        }
        Happening::PaymentNotRequested { .. } => {
            "Le paiement n'a pas pu être demandé\u{a0}; rien n'a été débité.".to_owned()
        }
        Happening::PaymentCaptured { amount, .. } => {
            format!(
                "Votre paiement de {} a été encaissé.",
                amount.format(locale)
            )
        }
        Happening::PaymentGivenUp => "Le paiement n'est plus attendu.".to_owned(),
        Happening::RefundMade { amount, reason, .. } => format!(
            "{} vous ont été remboursés\u{a0}: {}.",
            amount.format(locale),
            reason.text(locale)
        ),
        Happening::Bank(act) => bank(*act, locale),
        Happening::OrderPaid => "La commande est payée.".to_owned(),
        Happening::SubscriptionStarted { name, quantity, .. } => {
            format!("L'abonnement {quantity} × {} a commencé.", name.get(locale))
        }
        Happening::InvoiceIssued { number } => format!("La facture {number} a été émise."),
        Happening::OrderCanceled => "Vous avez annulé la commande.".to_owned(),
        Happening::OrderExpired => {
            "La commande a expiré, car elle n'a pas été payée à temps.".to_owned()
        }
        Happening::OrderRefunded => "La commande a été remboursée.".to_owned(),
        Happening::SurplusCaptured { amount } => format!(
            "{} ont été encaissés sans être dus\u{a0}; ils vous seront rendus.",
            amount.format(locale)
        ),
        Happening::SurplusRefunded { amount } => format!(
            "Les {} encaissés sans être dus vous ont été rendus.",
            amount.format(locale)
        ),
    }
}

fn english(what: &Happening) -> String {
    let locale = Locale::En;
    match what {
        Happening::OrderPlaced => "You placed the order.".to_owned(),
        Happening::PaymentPageOpened { closes_at, .. } => format!(
            "The payment page opened, until {}.",
            moment(*closes_at, &Zone::UTC, locale)
        ),
        Happening::PaymentDeclined { code, .. } => format!(
            "A try to pay did not go through: {}.",
            decline_reason(code, locale)
        ),
        Happening::AuthenticationRequired { .. } => {
            "The bank asks you to confirm the payment.".to_owned()
        }
        Happening::PaymentPageClosed { .. } => {
            "The payment page closed without a payment.".to_owned()
        }
        Happening::PaymentNotRequested { .. } => {
            "The payment could not be requested; nothing was charged.".to_owned()
        }
        Happening::PaymentCaptured { amount, .. } => {
            format!("Your payment of {} was collected.", amount.format(locale))
        }
        Happening::PaymentGivenUp => "The payment is not awaited any more.".to_owned(),
        Happening::RefundMade { amount, reason, .. } => format!(
            "{} was refunded to you: {}.",
            amount.format(locale),
            reason.text(locale)
        ),
        Happening::Bank(act) => bank(*act, locale),
        Happening::OrderPaid => "The order is paid.".to_owned(),
        Happening::SubscriptionStarted { name, quantity, .. } => {
            format!("The subscription {quantity} × {} began.", name.get(locale))
        }
        Happening::InvoiceIssued { number } => format!("Invoice {number} was issued."),
        Happening::OrderCanceled => "You canceled the order.".to_owned(),
        Happening::OrderExpired => "The order expired, because it was not paid in time.".to_owned(),
        Happening::OrderRefunded => "The order was refunded.".to_owned(),
        Happening::SurplusCaptured { amount } => format!(
            "{} was collected though it was not owed; it will be given back.",
            amount.format(locale)
        ),
        Happening::SurplusRefunded { amount } => format!(
            "The {} collected without being owed was given back.",
            amount.format(locale)
        ),
    }
}
