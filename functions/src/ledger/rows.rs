//! Ledger entries as rows for accountants: RFC 4180, one row per line of an
//! entry.

use super::references::References;
use domain::daybook::sides;
use domain::ledger::LedgerEntry;
use domain::money::Money;
use platform::http::problem::Failure;
use std::fmt::Display;

/// The names of the columns.
pub(super) const COLUMNS: [&str; 18] = [
    "time",
    "account",
    "sequence",
    "kind",
    "ledger_account",
    "debit",
    "credit",
    "currency",
    "order",
    "subscription",
    "period",
    "payment",
    "invoice",
    "invoice_number",
    "refund",
    "provider_object",
    "previous_hash",
    "hash",
];

/// The rows of these entries, below the names of the columns.
///
/// # Errors
/// [`Failure`] when an amount is out of range.
pub(super) fn csv(entries: &[LedgerEntry], references: &References) -> Result<Vec<u8>, Failure> {
    let mut file = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    file.write_record(COLUMNS)
        .map_err(|error| Failure::fault(&error))?;
    for entry in entries {
        for row in rows(entry, references)? {
            file.write_record(row.iter().map(|cell| harmless(cell)))
                .map_err(|error| Failure::fault(&error))?;
        }
    }
    file.into_inner().map_err(|error| Failure::fault(&error))
}

fn rows(entry: &LedgerEntry, references: &References) -> Result<Vec<[String; 18]>, Failure> {
    let about = references.reference(entry);
    let side = |amount: i64| match amount {
        0 => String::new(),
        amount => Money::new(amount, entry.currency).plain(),
    };
    let mut rows = Vec::with_capacity(entry.lines.len());
    for line in &entry.lines {
        let (debit, credit) = sides(line.amount).map_err(|error| Failure::fault(&error))?;
        rows.push([
            entry.at.to_string(),
            entry.account.to_string(),
            entry.sequence.to_string(),
            entry.cause.name().to_owned(),
            line.account.name().to_owned(),
            side(debit),
            side(credit),
            entry.currency.as_str().to_owned(),
            cell(about.order),
            cell(about.subscription),
            cell(about.period),
            cell(about.payment),
            cell(about.invoice),
            cell(about.number),
            cell(about.refund),
            cell(about.provider.as_ref()),
            entry.previous.clone(),
            entry.hash.clone(),
        ]);
    }
    Ok(rows)
}

fn cell(value: Option<impl Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A cell no spreadsheet takes for a formula. Only what the provider calls its
/// objects is not written by us, but the rule is for every cell: an apostrophe
/// before it makes it text.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_cell_that_would_be_a_formula_is_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(harmless(formula), format!("'{formula}"));
        }
        for plain in ["", "64.80", "pi_1", "F2026-000001", "a=b"] {
            assert_eq!(harmless(plain), plain);
        }
    }
}
