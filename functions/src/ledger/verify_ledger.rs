//! Proving that nothing in an account's ledger was changed, and what it sums to.

use domain::account::Account;
use domain::id::AccountId;
use domain::ledger::{ChainError, LedgerAccount, LedgerEntry, LedgerHead, verify};
use domain::money::{Currency, Money};
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Form, Read};
use platform::http::operation::{Finance, Input, Operation, Spec};
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::http::views::MoneyView;
use platform::store::keys;
use serde::Serialize;
use std::collections::BTreeMap;

/// `GET /v1/admin/ledger/verification`: reads every entry, and computes every
/// hash anew.
pub struct VerifyLedger;

/// Whose ledger.
pub struct VerifyLedgerInput {
    account: AccountId,
}

impl Input for VerifyLedgerInput {
    fn read(form: &mut Form) -> Read<Self> {
        match form.query("account")? {
            Some(IdField(account)) => Ok(Self { account }),
            None => Err(form.refuse("/account", Reason::Required)),
        }
    }
}

/// What was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct VerificationView {
    /// Whose ledger.
    pub account_id: String,
    /// True when every entry is as it was written, in its place, and balances.
    pub intact: bool,
    /// How many entries there are.
    pub entries: usize,
    /// The first entry that is not as it must be; null when all are.
    pub broken_at: Option<u64>,
    /// `changed`, `broken` (it does not follow the one before) or `unbalanced`.
    pub problem: Option<&'static str>,
    /// Hash of the last entry, to be noted outside: with it, a chain that was
    /// written anew from the start is found too.
    pub head: String,
    /// What the entries sum to.
    pub balances: Vec<BalanceView>,
}

/// The balance of one ledger account in one currency: debit above zero.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct BalanceView {
    /// `receivable`, `revenue`, `vat`, `provider`, `clearing`, `payable`,
    /// `disputed` or `chargebacks`.
    pub account: &'static str,
    /// The balance.
    pub amount: MoneyView,
}

impl Operation for VerifyLedger {
    const SPEC: Spec = Spec::get("verify_ledger", "/v1/admin/ledger/verification")
        .summary("Verify the ledger of an account: every hash, every sum, and the balances.")
        .codes(&[Code::NotFound]);
    type Caller = Finance;
    type Input = VerifyLedgerInput;
    type Output = VerificationView;
    type Error = Failure;

    async fn run(
        app: &App,
        _request: Request<Finance>,
        input: VerifyLedgerInput,
    ) -> Result<Reply<VerificationView>, Failure> {
        let account = input.account;
        // The head first: entries written meanwhile come after it.
        let (profile, head) = (keys::account(account), keys::ledger_head(account));
        let mut batch = app.store().batch(&[profile.clone(), head.clone()]).await?;
        batch.take::<Account>(&profile)?.ok_or(Code::NotFound)?;
        let head = batch.take::<LedgerHead>(&head)?;
        let head = head.map_or_else(|| LedgerHead::empty(account), |head| head.value);
        let mut entries = app.store().ledger_of(account).await?;
        entries.retain(|entry| entry.sequence <= head.sequence);
        Ok(Reply::data(VerificationView::of(&entries, &head)))
    }
}

impl VerificationView {
    fn of(entries: &[LedgerEntry], head: &LedgerHead) -> Self {
        let found = verify(entries, head).err();
        let (broken_at, problem) = match found {
            None => (None, None),
            Some(ChainError::Changed(at)) => (Some(at), Some("changed")),
            Some(ChainError::Broken(at)) => (Some(at), Some("broken")),
            Some(ChainError::Unbalanced(at)) => (Some(at), Some("unbalanced")),
        };
        Self {
            account_id: head.account.to_string(),
            intact: found.is_none(),
            entries: entries.len(),
            broken_at,
            problem,
            head: head.hash.clone(),
            balances: balances(entries),
        }
    }
}

fn balances(entries: &[LedgerEntry]) -> Vec<BalanceView> {
    let mut sums: BTreeMap<(Currency, LedgerAccount), i64> = BTreeMap::new();
    for entry in entries {
        for line in &entry.lines {
            let sum = sums.entry((entry.currency, line.account)).or_default();
            *sum = sum.saturating_add(line.amount);
        }
    }
    let view = |((currency, account), amount): ((Currency, LedgerAccount), i64)| BalanceView {
        account: account.name(),
        amount: Money::new(amount, currency).into(),
    };
    sums.into_iter().map(view).collect()
}
