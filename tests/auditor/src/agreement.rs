//! A payment and what hangs on it agree: order, subscription, period and
//! invoice are there, name each other, and stand alike.

use crate::Invariant::{self, Entitlement, InvoiceArithmetic, PaidIffCaptured, Periods, Pointers};
use crate::item::{Item, Node};
use crate::ledger::has_number;
use crate::money::money;
use crate::notes::Notes;
use crate::table::{Step, Table};
use std::collections::BTreeSet;

type Judged = Result<(), (Invariant, String)>;

/// Judges every payment that a commit touched, directly or by what hangs on
/// it.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    let mut touched = BTreeSet::new();
    for change in &step.changes {
        if let Some(new) = change.new.as_deref()
            && let Some(id) = payment_of(new)
        {
            touched.insert((change.pk.as_str(), id));
        }
    }
    for (pk, id) in touched {
        one(step.table, pk, id, notes);
    }
}

/// Judges every payment there is.
pub(crate) fn at_rest(table: &Table, notes: &mut Notes) {
    let mut all = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (pk, sk, item) in table.all() {
        if let Some(id) = payment_of(item) {
            all.insert((pk, id));
        }
        let named = [
            "ORDER#",
            "PAYMENT#",
            "SUBSCRIPTION#",
            "INVOICE#",
            "EVENT#",
            "SESSION#",
        ];
        if named.iter().any(|prefix| sk.starts_with(prefix)) && !ids.insert(sk) {
            notes.broken(
                Invariant::TenantClosure,
                format!("{pk}/{sk} is somebody else's too"),
            );
        }
    }
    for (pk, id) in all {
        one(table, pk, id, notes);
    }
}

fn payment_of(item: &Item) -> Option<&str> {
    let id = match item.text("type") {
        "payment" => item.text("id"),
        "order" | "period" | "invoice" => item.text("payment"),
        "subscription" => item.text("renewal"),
        _ => "",
    };
    (!id.is_empty()).then_some(id)
}

fn one(table: &Table, pk: &str, id: &str, notes: &mut Notes) {
    let Some(payment) = table.get(pk, &format!("PAYMENT#{id}")) else {
        notes.broken(Pointers, format!("{pk}: the payment {id} is not there"));
        return;
    };
    let judged = match payment.text("purpose.for") {
        "order" => of_order(table, pk, payment),
        "renewal" => of_renewal(table, pk, payment),
        other => Err((Pointers, format!("it is for {other:?}"))),
    };
    if let Err((invariant, what)) = judged.and_then(|()| customers(table, pk, payment)) {
        notes.broken(invariant, format!("{pk}/PAYMENT#{id}: {what}"));
    }
}

fn must(holds: bool, invariant: Invariant, what: &str) -> Judged {
    if holds {
        Ok(())
    } else {
        Err((invariant, what.to_owned()))
    }
}

fn found<'a>(table: &'a Table, pk: &str, sk: &str) -> Result<&'a Item, (Invariant, String)> {
    table
        .get(pk, sk)
        .ok_or_else(|| (Pointers, format!("{sk} is not there")))
}

fn of_order(table: &Table, pk: &str, payment: &Item) -> Judged {
    let order = found(
        table,
        pk,
        &format!("ORDER#{}", payment.text("purpose.order")),
    )?;
    must(
        order.at("payment") == payment.at("id"),
        Pointers,
        "its order names another",
    )?;
    must(
        order.at("invoice") == payment.at("invoice"),
        Pointers,
        "its order names another invoice",
    )?;
    must(
        order.at("totals.total") == payment.at("amount"),
        InvoiceArithmetic,
        "its order costs another amount",
    )?;
    let states = (order.text("status.state"), payment.text("status.state"));
    let alike = matches!(
        states,
        ("pending", "pending")
            | ("paid" | "refunded", "paid")
            | ("expired", "expired")
            | ("canceled", "pending" | "expired")
    );
    must(
        alike,
        PaidIffCaptured,
        &format!("order and payment are {states:?}"),
    )?;
    if states.1 != "paid" {
        return must(
            table
                .get(pk, &format!("INVOICE#{}", order.text("invoice")))
                .is_none(),
            PaidIffCaptured,
            "an invoice without the money",
        );
    }
    let invoice = found(table, pk, &format!("INVOICE#{}", order.text("invoice")))?;
    billed(payment, invoice, true)?;
    must(
        ["buyer", "locale", "tax"]
            .iter()
            .all(|name| order.at(name) == invoice.at(name)),
        Pointers,
        "its invoice is for another buyer, or taxed otherwise than ordered",
    )?;
    order_lines(table, pk, (order, payment, invoice))
}

/// Each line of a paid order has its subscription, its period and its line
/// on the invoice.
fn order_lines(
    table: &Table,
    pk: &str,
    (order, payment, invoice): (&Item, &Item, &Item),
) -> Judged {
    let mut total = 0_i128;
    let mut lines = invoice.at("lines").list();
    for line in order.at("lines").list() {
        let subscription = line.at("subscription").text();
        found(table, pk, &format!("SUBSCRIPTION#{subscription}"))?;
        let period = found(table, pk, &format!("PERIOD#{subscription}#000000"))?;
        for name in ["payment", "invoice"] {
            let mine = order.at(name) == period.at(name);
            must(
                mine,
                Pointers,
                &format!("period 0 of {subscription} has another {name}"),
            )?;
        }
        let billed = lines.next().unwrap_or(Node::of(&serde_json::Value::Null));
        covers(billed, period)?;
        must(
            billed.at("total") == line.at("total") && billed.at("plan") == line.at("plan"),
            InvoiceArithmetic,
            "an invoice line is not what was ordered",
        )?;
        let (amount, currency) = money(period.at("total")).unwrap_or_default();
        must(
            currency == payment.text("amount.currency"),
            InvoiceArithmetic,
            "a period in another currency",
        )?;
        total = total.saturating_add(amount);
    }
    let (paid, _) = money(payment.at("amount")).unwrap_or_default();
    must(
        total == paid,
        InvoiceArithmetic,
        "its periods do not sum to it",
    )
}

fn of_renewal(table: &Table, pk: &str, payment: &Item) -> Judged {
    let subscription = payment.text("purpose.subscription");
    let index = payment.at("purpose.index").count();
    let period = found(table, pk, &format!("PERIOD#{subscription}#{index:06}"))?;
    must(
        period.at("payment") == payment.at("id") && period.at("invoice") == payment.at("invoice"),
        Periods,
        "its period is paid otherwise",
    )?;
    must(
        period.at("total") == payment.at("amount"),
        InvoiceArithmetic,
        "its period costs another amount",
    )?;
    let invoice = found(table, pk, &format!("INVOICE#{}", payment.text("invoice")))?;
    let states = (payment.text("status.state"), period.text("status"));
    let alike = matches!(
        states,
        ("pending", "open" | "past_due") | ("paid", "paid") | ("failed", "unpaid")
    );
    must(
        alike,
        Entitlement,
        &format!("payment and period are {states:?}"),
    )?;
    billed(payment, invoice, states.0 == "paid")?;
    let served = found(table, pk, &format!("SUBSCRIPTION#{subscription}"))?;
    must(
        ["buyer", "locale"]
            .iter()
            .all(|name| served.at(name) == invoice.at(name)),
        Pointers,
        "its invoice is for another buyer",
    )?;
    let drafted = invoice.text("status.state") == "draft";
    must(
        drafted == (states.1 == "open"),
        PaidIffCaptured,
        "its invoice is a draft and had an outcome, or the reverse",
    )?;
    let mut lines = invoice.at("lines").list();
    match (lines.next(), lines.next()) {
        (Some(line), None) => covers(line, period),
        _ => Err((Periods, "its invoice has not one line".to_owned())),
    }
}

/// An invoice says what its payment says, and stands alike.
fn billed(payment: &Item, invoice: &Item, is_paid: bool) -> Judged {
    must(
        invoice.at("payment") == payment.at("id") && invoice.at("purpose") == payment.at("purpose"),
        Pointers,
        "its invoice is for something else",
    )?;
    must(
        invoice.at("totals.total") == payment.at("amount"),
        InvoiceArithmetic,
        "its invoice has another total",
    )?;
    let state = invoice.text("status.state");
    let says_paid = match state {
        "paid" => true,
        "ready" => invoice.at("status.paid_at").is_set(),
        _ => false,
    };
    must(
        says_paid == is_paid,
        PaidIffCaptured,
        &format!("its invoice is {state}, paid or not otherwise"),
    )?;
    let at = invoice.at("status.paid_at");
    must(
        !is_paid || at == payment.at("status.at"),
        PaidIffCaptured,
        "its invoice was paid at another moment",
    )?;
    must(
        has_number(invoice) == matches!(state, "open" | "paid"),
        Invariant::Numbers,
        "its invoice has a number and should not, or none and should",
    )
}

fn covers(line: Node<'_>, period: &Item) -> Judged {
    must(
        line.at("period_start") == period.at("start") && line.at("period_end") == period.at("end"),
        Periods,
        "its invoice bills other dates than its period's",
    )
}

/// Who is charged without being asked is the account's own customer.
fn customers(table: &Table, pk: &str, payment: &Item) -> Judged {
    let owner = found(table, pk, "PROFILE")?.text("provider_customer");
    for attempt in payment.at("attempts").list() {
        let charged = attempt.at("customer");
        must(
            charged.is_nothing() || charged.text() == owner,
            PaidIffCaptured,
            "an attempt charges another customer",
        )?;
    }
    Ok(())
}
