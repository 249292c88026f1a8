//! Invoice numbers: 1 to n without a gap, dates never back.

use crate::Invariant::{Numbers, Time};
use crate::calendar::paris;
use crate::item::Item;
use crate::ledger::has_number;
use crate::notes::Notes;
use crate::shape::series;
use crate::table::{Step, Table};
use crate::taxes::cross_border;

/// Judges the numbers a commit gave.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for (change, given) in step.put("invoice_number") {
        let sequence = given.at("number.sequence").count();
        let before = format!("NUMBER#{:09}", sequence.saturating_sub(1));
        let follows = sequence == 1 || step.beside(change, &before).is_some();
        notes.must(sequence >= 1 && follows, Numbers, || {
            format!("{} has none before it", change.place())
        });
        notes.must(
            step.change(&change.pk, "COUNTER").is_some(),
            Numbers,
            || format!("{} was given without the counter", change.place()),
        );
        let owner = format!("ACCOUNT#{}", given.text("account"));
        let sk = format!("INVOICE#{}", given.text("invoice"));
        let invoice = step.change(&owner, &sk).and_then(|it| it.new.as_deref());
        let agrees = invoice.is_some_and(|it| it.at("status.number") == given.at("number"));
        notes.must(agrees, Numbers, || {
            format!("{} was not given to {owner}/{sk}", change.place())
        });
    }
    for (change, old, invoice) in step.written("invoice") {
        if !has_number(invoice) {
            continue;
        }
        if let Some(old) = old.filter(|old| has_number(old)) {
            let kept = old.at("status.number") == invoice.at("status.number")
                && old.at("status.issued_at") == invoice.at("status.issued_at");
            notes.must(kept, Numbers, || {
                format!("{} got another number or date", change.place())
            });
        } else if let Err(what) = is_issued_now(step, invoice) {
            notes.broken(Numbers, format!("{}: {what}", change.place()));
        }
    }
    counters(step, notes);
}

fn is_issued_now(step: &Step<'_>, invoice: &Item) -> Result<(), String> {
    let number = invoice.at("status.number");
    let is_note = number.at("series").text() == "credit_note";
    if is_note != invoice.at("correction").is_set() {
        return Err("it is numbered in the other series".to_owned());
    }
    let series = series(number.at("series"), number.at("year"));
    let sk = format!("NUMBER#{:09}", number.at("sequence").count());
    if step.change(&series, &sk).is_none_or(|it| it.old.is_some()) {
        return Err(format!("{series}/{sk} was not put with it"));
    }
    let date = invoice
        .at("status.issued_at")
        .time()
        .and_then(paris)
        .ok_or("it has no date")?;
    if i128::from(date.year()) != number.at("year").count() {
        return Err(format!("it is dated {date} in {series}"));
    }
    let counter = step.table.get(&series, "COUNTER");
    let last = counter.map_or("", |it| it.text("last_date"));
    if last != date.to_string() {
        return Err(format!("it is dated {date}, its series stands at {last}"));
    }
    Ok(())
}

fn counters(step: &Step<'_>, notes: &mut Notes) {
    for (change, old, counter) in step.written("series_counter") {
        let last = counter.at("last").count();
        let given = |number: i128| step.beside(change, &format!("NUMBER#{number:09}"));
        let is_last = given(last).is_some() && given(last.saturating_add(1)).is_none();
        notes.must(is_last, Numbers, || {
            format!("{}: {last} is not the last number", change.place())
        });
        let before = old.map_or(0, |it| it.at("cross_border").count());
        let after = counter.at("cross_border").count();
        let sold = sold_with(step, &change.pk);
        notes.must(after == before.saturating_add(sold), Numbers, || {
            format!(
                "{} counts {after} after {before} and {sold}",
                change.place()
            )
        });
        let dates = (
            old.map_or("", |it| it.text("last_date")),
            counter.text("last_date"),
        );
        notes.must(dates.0 <= dates.1, Numbers, || {
            format!(
                "{}: the date goes back from {} to {}",
                change.place(),
                dates.0,
                dates.1
            )
        });
        let today = step.at.checked_add(crate::time::SKEW).ok().and_then(paris);
        notes.must(
            today.is_some_and(|today| dates.1 <= today.to_string().as_str()),
            Time,
            || format!("{} is dated {}", change.place(), dates.1),
        );
    }
}

/// What was sold across borders by the invoices a commit numbered in a series.
fn sold_with(step: &Step<'_>, series: &str) -> i128 {
    let given = step.put("invoice_number").filter(|(it, _)| it.pk == series);
    given.fold(0, |sum, (_, number)| {
        let owner = format!("ACCOUNT#{}", number.text("account"));
        let invoice = format!("INVOICE#{}", number.text("invoice"));
        let invoice = step.table.get(&owner, &invoice);
        sum.saturating_add(invoice.map_or(0, cross_border))
    })
}

/// Judges every series from its first number to its counter.
pub(crate) fn at_rest(table: &Table, notes: &mut Notes) {
    for series in table.partitions("SERIES#") {
        let mut expected = 0_i128;
        let mut date = None;
        let mut sold = 0_i128;
        for (sk, given) in table.range(series, "NUMBER#") {
            expected = expected.saturating_add(1);
            let sequence = given.at("number.sequence").count();
            notes.must(sequence == expected, Numbers, || {
                format!("{series}/{sk} comes where {expected} should")
            });
            let owner = format!("ACCOUNT#{}", given.text("account"));
            let invoice = table.get(&owner, &format!("INVOICE#{}", given.text("invoice")));
            let agrees = invoice.is_some_and(|it| it.at("status.number") == given.at("number"));
            notes.must(agrees, Numbers, || {
                format!("{series}/{sk} has no invoice that agrees")
            });
            sold = sold.saturating_add(invoice.map_or(0, cross_border));
            let issued = invoice
                .and_then(|it| it.at("status.issued_at").time())
                .and_then(paris);
            notes.must(issued >= date, Numbers, || {
                format!("{series}/{sk} is dated before the number before it")
            });
            date = issued;
        }
        let counter = table.get(series, "COUNTER");
        let counted = counter.map_or(0, |it| it.at("cross_border").count());
        notes.must(counted == sold, Numbers, || {
            format!("{series} counts {counted} sold across borders, its invoices {sold}")
        });
        let last = counter.map(|it| it.at("last").count());
        notes.must(last == Some(expected), Numbers, || {
            format!("{series} counts {last:?}, and gave {expected}")
        });
    }
    for (pk, sk, item) in table.all() {
        if item.text("type") == "invoice" && has_number(item) {
            let number = item.at("status.number");
            let series = series(number.at("series"), number.at("year"));
            let given = format!("NUMBER#{:09}", number.at("sequence").count());
            let mine = table
                .get(&series, &given)
                .is_some_and(|it| it.text("invoice") == item.text("id"));
            notes.must(mine, Numbers, || {
                format!("{pk}/{sk}: {series}/{given} is not its own")
            });
        }
    }
}
