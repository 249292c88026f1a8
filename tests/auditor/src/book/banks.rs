//! What the book says of refunds and disputes of a payment, against what the
//! shop says. What nobody told the shop it cannot know.

use super::Book;
use crate::Invariant::RefundBound;
use crate::item::{Item, Node};
use crate::notes::Notes;
use crate::refunds::credited;

impl<'a> Book<'a> {
    /// The events about an object: their kinds, and whether the shop took them.
    fn told(&self, object: &'a str) -> impl Iterator<Item = (&'a str, bool)> {
        let about = move |it: &&Node<'a>| it.at("object").text() == object;
        self.events.iter().filter(about).map(|event| {
            let mut attempts = event
                .at("deliveries")
                .list()
                .flat_map(|delivery| delivery.at("attempts").list());
            let taken = attempts.any(|it| matches!(it.at("status").number(), Some(200..300)));
            (event.at("type").text(), taken)
        })
    }

    /// Each refund of the shop is one in the book, as it stands there; each in
    /// the book is one of the shop, if anybody said so. How much was given back
    /// and nobody said so, less what came back untold.
    pub(super) fn refunds(&self, by: &str, payment: &Item, notes: &mut Notes) -> i128 {
        let of = |it: &&Node<'a>| it.at("payment_intent").text() == by;
        let (mut found, mut untold) = (0_usize, 0_i128);
        for entry in self.refunds.iter().filter(of) {
            let id = entry.at("id").text();
            let known = credited(payment).find(|it| it.at("status.provider_refund").text() == id);
            let failed = entry.at("status").text() == "failed";
            let amount = entry.at("amount").count();
            let Some(refund) = known else {
                let mut events = self.told(id);
                let marked = entry.at("metadata.refund").is_set();
                let unheard = !marked && !events.any(|(_, taken)| taken);
                if !failed {
                    untold = untold.saturating_add(amount);
                }
                let fine = failed || unheard || self.aside.contains(id);
                notes.must(fine, RefundBound, || {
                    format!("{id} of {by} is nowhere told")
                });
                continue;
            };
            found = found.saturating_add(1);
            let same = entry.at("amount").number() == refund.at("amount.amount").number();
            let mark = entry.at("metadata.refund");
            let ours = refund.at("requested_by").is_set();
            let fits = !ours || mark.text() == refund.at("id").text();
            let heard = self
                .told(id)
                .any(|(kind, taken)| kind == "refund.failed" && taken);
            let told = refund.at("status.state").text() == "failed";
            if failed && !told {
                untold = untold.saturating_sub(amount);
            }
            let right = same && fits && (told == failed || failed && !heard);
            notes.must(right, RefundBound, || {
                format!("{id} of {by} is another in the book, or failed: {failed}")
            });
        }
        let expected = credited(payment).count();
        notes.must(found == expected, RefundBound, || {
            format!("{expected} refunds of {by} are told, the book has {found}")
        });
        untold
    }

    /// The same of the refunds of a surplus: what was heard of is told, and what
    /// is told is in the book.
    pub(super) fn surplus_refunds(&self, by: &str, surplus: Node<'_>, notes: &mut Notes) {
        let mut told = crate::surplus::refunds(surplus);
        for entry in &self.refunds {
            let id = entry.at("id").text();
            if entry.at("payment_intent").text() != by {
                continue;
            }
            let failed = entry.at("status").text() == "failed";
            let place = told.iter().position(|(refund, _)| *refund == id);
            let Some((_, amount)) = place.map(|place| told.swap_remove(place)) else {
                let unheard = !self.told(id).any(|(_, taken)| taken);
                let fine = failed || unheard || self.aside.contains(id);
                notes.must(fine, RefundBound, || {
                    format!("{id} of the surplus {by} is nowhere told")
                });
                continue;
            };
            let heard = self
                .told(id)
                .any(|(kind, taken)| kind == "refund.failed" && taken);
            let returned = crate::surplus::is_returned(surplus, id);
            let right = entry.at("amount").number() == Some(amount)
                && (returned == failed || failed && !heard);
            notes.must(right, RefundBound, || {
                format!("{id} of the surplus {by} is another in the book, or failed: {failed}")
            });
        }
        notes.must(told.is_empty(), RefundBound, || {
            format!("{by} is not refunded by {told:?} in the book")
        });
    }

    /// The same of disputes.
    pub(super) fn disputes(&self, by: &str, payment: &Item, notes: &mut Notes) {
        let of = |it: &&Node<'a>| it.at("payment_intent").text() == by;
        let mut found = 0_usize;
        for entry in self.disputes.iter().filter(of) {
            let id = entry.at("id").text();
            let mut told = payment.at("disputes").list();
            let known = told.find(|it| it.at("id").text() == id);
            let all_taken = self.told(id).all(|(_, taken)| taken);
            let Some(dispute) = known else {
                let unheard = !self.told(id).any(|(_, taken)| taken);
                notes.must(unheard, RefundBound, || {
                    format!("{id} of {by} is nowhere told")
                });
                continue;
            };
            found = found.saturating_add(1);
            let moved = entry.at("balance_transactions").list();
            let kept = moved.fold(0_i128, |sum, it| {
                sum.saturating_sub(it.at("amount").count())
            });
            let state = match entry.at("status").text() {
                "warning_needs_response" => "inquiry",
                "warning_under_review" => "inquiry_under_review",
                "warning_closed" => "inquiry_closed",
                same => same,
            };
            let same = entry.at("amount").number() == dispute.at("amount.amount").number();
            let current = dispute.at("status").text() == state
                && dispute.at("withdrawn").number() == Some(kept);
            notes.must(same && (current || !all_taken), RefundBound, || {
                format!("{id} of {by} is {state} and keeps {kept}, which is not what is told")
            });
        }
        let expected = payment.at("disputes").list().count();
        notes.must(found == expected, RefundBound, || {
            format!("{expected} disputes of {by} are told, the book has {found}")
        });
    }
}
