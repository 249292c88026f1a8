//! The provider's book against ours.

use crate::shop::{Shop, User, text};
use domain::ledger::{LedgerAccount, LedgerHead};
use platform::store::keys;
use serde_json::Value;
use std::collections::BTreeMap;

impl Shop {
    /// The provider's own book.
    pub async fn book(&self) -> Value {
        self.get("/_local/payments").await.json
    }

    /// Captures in the provider's book for one of our payments.
    pub async fn captures(&self, payment: &str) -> usize {
        let book = self.book().await;
        let payments = book["payments"].as_array().unwrap();
        payments
            .iter()
            .filter(|found| {
                found["status"] == "succeeded" && found["metadata"]["payment"] == payment
            })
            .count()
    }

    /// Audits one customer's money against the provider's own book: every
    /// capture belongs to a paid invoice or was refunded, what was given back of
    /// it has a credit note, nothing was captured twice, the ledger is whole, and clearing is zero.
    pub async fn audit(&self, user: &User) {
        let app = self.cloud.app("audit");
        let entries = app.store().ledger_of(user.account).await.unwrap();
        let head = app
            .store()
            .get::<LedgerHead>(&keys::ledger_head(user.account))
            .await
            .unwrap();
        let head = head.map_or_else(|| LedgerHead::empty(user.account), |head| head.value);
        domain::ledger::verify(&entries, &head).unwrap();
        let mut balances: BTreeMap<LedgerAccount, i64> = BTreeMap::new();
        for line in entries.iter().flat_map(|entry| &entry.lines) {
            *balances.entry(line.account).or_default() += line.amount;
        }
        let balance = |account| balances.get(&account).copied().unwrap_or(0);
        let clearing = balance(LedgerAccount::Clearing);
        assert_eq!(clearing, 0, "clearing is zero at rest");

        let book = self.book().await;
        let mut kept = 0_i64;
        let mut by_payment: BTreeMap<String, usize> = BTreeMap::new();
        for payment in book["payments"].as_array().unwrap() {
            if payment["metadata"]["account"] != user.account.to_string().as_str()
                || payment["status"] != "succeeded"
            {
                continue;
            }
            let refunded = payment["refundedAmount"].as_i64().unwrap_or(0);
            let amount = payment["amount"].as_i64().unwrap();
            kept += amount - refunded;
            if refunded < amount {
                *by_payment
                    .entry(text(&payment["metadata"]["payment"]))
                    .or_default() += 1;
            }
        }
        assert!(
            by_payment.values().all(|captures| *captures == 1),
            "one capture for each payment: {by_payment:?}"
        );
        // What banks keep back or took was captured all the same.
        let banks = balance(LedgerAccount::Disputed) + balance(LedgerAccount::Chargebacks);
        assert_eq!(
            balance(LedgerAccount::Provider) + banks,
            kept,
            "the provider's book and ours agree"
        );
        let invoices = user.invoices().await;
        let total = |it: &Value| it["total"]["amount"].as_i64().unwrap();
        let paid: i64 = invoices
            .iter()
            .filter(|it| it["status"] == "paid")
            .map(|it| match it["kind"].as_str() {
                Some("credit_note") => -total(it),
                _ => total(it),
            })
            .sum();
        // What a bank returned is kept, and owed.
        let owed = balance(LedgerAccount::Payable);
        assert_eq!(paid - owed, kept, "what was captured was invoiced");
    }
}
