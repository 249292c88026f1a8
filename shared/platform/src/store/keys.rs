//! Every key of the table, spelled here and nowhere else.

use domain::coupon::CouponCode;
use domain::email::EmailAddress;
use domain::event::Owner;
use domain::id::{
    AccountId, CardId, EventId, Id as _, InvoiceId, OrderId, PaymentId, SessionId, SubscriptionId,
    UserId,
};
use domain::invoice::{InvoiceNumber, Series};
use domain::vat_number::VatDigest;
use jiff::{SignedDuration, Timestamp};
use std::fmt;

mod listed;
mod timed;

pub use listed::{COUPONS, Listed, ledger_day, listed_coupon, listed_entry, listed_payment, owner};
pub use timed::Timed;

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }
}

/// The item collection of an account.
pub fn account_partition(account: AccountId) -> String {
    format!("ACCOUNT#{account}")
}

fn of_account(account: AccountId, sk: impl Into<String>) -> Key {
    Key::new(account_partition(account), sk)
}

/// Credentials of an e-mail address.
pub fn login(email: &EmailAddress) -> Key {
    Key::new(format!("LOGIN#{}", email.as_str()), "LOGIN")
}

/// A user.
pub fn user(user: UserId) -> Key {
    Key::new(format!("USER#{user}"), "PROFILE")
}

/// A session of a user.
pub fn session(user: UserId, session: SessionId) -> Key {
    Key::new(format!("USER#{user}"), format!("SESSION#{session}"))
}

/// A one-time token, by the SHA-256 of its text.
pub fn token(sha256_hex: &str) -> Key {
    Key::new(format!("TOKEN#{sha256_hex}"), "TOKEN")
}

/// The public signing keys.
pub fn signing_keys() -> Key {
    Key::new("KEYS", "JWKS")
}

/// An account.
pub fn account(account: AccountId) -> Key {
    of_account(account, "PROFILE")
}

/// The wrapped data key of an account.
pub fn data_key(account: AccountId) -> Key {
    of_account(account, "DATAKEY")
}

/// The membership of a user in an account.
pub fn member(account: AccountId, user: UserId) -> Key {
    of_account(account, format!("MEMBER#{user}"))
}

/// What is known of a VAT number of an account.
pub fn vat_number(account: AccountId, number: &VatDigest) -> Key {
    of_account(account, format!("VATNUMBER#{number}"))
}

/// The cart of an account.
pub fn account_cart(account: AccountId) -> Key {
    of_account(account, "CART")
}

/// The cart of a guest, by the SHA-256 of its token.
pub fn guest_cart(token_hash: &str) -> Key {
    Key::new(format!("GUEST#{token_hash}"), "CART")
}

/// Where an account's orders begin.
pub const ORDERS: &str = "ORDER#";

/// An order.
pub fn order(account: AccountId, order: OrderId) -> Key {
    of_account(account, format!("{ORDERS}{order}"))
}

/// How much later than its order an order's id may be made: its request may
/// have waited meanwhile, no longer than a function runs.
const ID_LATER: SignedDuration = SignedDuration::from_mins(1);

/// The first and the last sort key an order of this time can have: ids begin
/// with the millisecond they were made in. `to` is exclusive.
pub fn orders_between(from: Option<Timestamp>, to: Option<Timestamp>) -> (String, String) {
    let least = from.map_or(0, first_bits);
    let most = to.map_or(u128::MAX, |to| {
        first_bits(to.saturating_add(ID_LATER).unwrap_or(Timestamp::MAX)).saturating_sub(1)
    });
    let key = |bits| format!("{ORDERS}{}", OrderId::from_bits(bits));
    (key(least), key(most))
}

/// The bits of the first id that can be made at this moment.
fn first_bits(at: Timestamp) -> u128 {
    u128::try_from(at.as_millisecond()).unwrap_or(0) << 80
}

/// Where an account's payments begin.
pub const PAYMENTS: &str = "PAYMENT#";

/// A payment.
pub fn payment(account: AccountId, payment: PaymentId) -> Key {
    of_account(account, format!("{PAYMENTS}{payment}"))
}

/// The saved cards of an account.
pub fn wallet(account: AccountId) -> Key {
    of_account(account, "WALLET")
}

/// A card that is about to be saved.
pub fn new_card(account: AccountId, card: CardId) -> Key {
    of_account(account, format!("CARD#{card}"))
}

/// Where an account's subscriptions begin.
pub const SUBSCRIPTIONS: &str = "SUBSCRIPTION#";

/// A subscription.
pub fn subscription(account: AccountId, subscription: SubscriptionId) -> Key {
    of_account(account, format!("{SUBSCRIPTIONS}{subscription}"))
}

/// Where the billing periods of a subscription begin.
pub fn periods(subscription: SubscriptionId) -> String {
    format!("PERIOD#{subscription}#")
}

/// A billing period: the guard of one index.
pub fn period(account: AccountId, subscription: SubscriptionId, index: u32) -> Key {
    of_account(account, format!("{}{index:06}", periods(subscription)))
}

/// Where an account's invoices begin.
pub const INVOICES: &str = "INVOICE#";

/// An invoice.
pub fn invoice(account: AccountId, invoice: InvoiceId) -> Key {
    of_account(account, format!("{INVOICES}{invoice}"))
}

/// The partition of an account's ledger.
pub fn ledger_partition(account: AccountId) -> String {
    format!("LEDGER#{account}")
}

/// An entry of an account's ledger.
pub fn ledger_entry(account: AccountId, sequence: u64) -> Key {
    Key::new(ledger_partition(account), format!("{sequence:012}"))
}

/// The head of an account's ledger.
pub fn ledger_head(account: AccountId) -> Key {
    of_account(account, "LEDGERHEAD")
}

/// An event, in the history of whom it concerns.
pub fn event(owner: Owner, event: EventId) -> Key {
    let sk = format!("EVENT#{event}");
    match owner {
        Owner::Account { account } => of_account(account, sk),
        Owner::User { user } => Key::new(format!("USER#{user}"), sk),
        Owner::Decoy => Key::new(format!("DECOY#{event}"), sk),
    }
}

/// An item that only makes two answers cost alike.
pub fn decoy(id: impl fmt::Display, part: &str) -> Key {
    Key::new(format!("DECOY#{id}"), part)
}

/// The record of an idempotency key.
pub fn idempotency(account: AccountId, operation: &str, key_hash: &str) -> Key {
    of_account(account, format!("IDEMPOTENCY#{operation}#{key_hash}"))
}

/// The partition of all products.
pub const CATALOGUE: &str = "CATALOGUE";

/// Where the products begin.
pub const PRODUCTS: &str = "PRODUCT#";

/// A product.
pub fn product(product: domain::id::ProductId) -> Key {
    Key::new(CATALOGUE, format!("{PRODUCTS}{product}"))
}

/// The head of the catalogue snapshot.
pub fn snapshot_head() -> Key {
    Key::new("CATALOGUE#SNAPSHOT", "HEAD")
}

/// A chunk of the catalogue snapshot.
pub fn snapshot_chunk(version: u64, index: usize) -> Key {
    Key::new(
        "CATALOGUE#SNAPSHOT",
        format!("CHUNK#{version:012}#{index:04}"),
    )
}

/// Where the numbers of a series begin.
pub const NUMBERS: &str = "NUMBER#";

/// The partition of a series of numbers.
pub fn series_partition(series: Series, year: i16) -> String {
    format!("SERIES#{}{year}", series.letter())
}

/// The counter of a series of numbers.
pub fn series_counter(series: Series, year: i16) -> Key {
    Key::new(series_partition(series, year), "COUNTER")
}

/// A number of a series, with more digits than it is printed with: a million
/// must not sort before the number ahead of it.
pub fn series_number(number: InvoiceNumber) -> Key {
    let partition = series_partition(number.series, number.year);
    Key::new(partition, format!("{NUMBERS}{:09}", number.sequence))
}

/// A provider event in the inbox.
pub fn provider_event(event: &str) -> Key {
    Key::new(format!("PROVIDER#stripe#{event}"), "EVENT")
}

/// A second provider event under an id that is taken.
pub fn conflicting_event(event: &str, body_hash: &str) -> Key {
    Key::new(
        format!("PROVIDER#stripe#{event}"),
        format!("CONFLICT#{body_hash}"),
    )
}

/// A coupon.
pub fn coupon(code: &CouponCode) -> Key {
    Key::new(format!("COUPON#{code}"), "COUPON")
}

/// How often an account has redeemed a coupon.
pub fn redemptions(code: &CouponCode, account: AccountId) -> Key {
    Key::new(format!("COUPON#{code}"), format!("REDEEMED#{account}"))
}

/// The last order of an account with a coupon for a first purchase.
pub fn first_purchase(account: AccountId) -> Key {
    of_account(account, "FIRSTPURCHASE")
}

/// A rate counter.
pub fn rate(class: &str, subject: &str) -> Key {
    Key::new(format!("RATE#{class}#{subject}"), "BUCKET")
}

/// A timer: the job that serves it and when it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The job.
    pub job: Job,
    /// When.
    pub at: Timestamp,
}

/// The jobs that serve timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    /// Subscriptions: renewals, retries, ends.
    Renew,
    /// Payments to look up, invoices to number, provider events and our own
    /// events to handle again.
    Reconcile,
    /// VAT numbers to ask the register about.
    CheckVatNumbers,
}

/// How many shards the timers of a job are spread over.
pub const SHARDS: u8 = 16;

impl Job {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Renew, Self::Reconcile, Self::CheckVatNumbers];

    /// The job's operation id.
    pub fn operation(self) -> &'static str {
        match self {
            Self::Renew => "renew_subscriptions",
            Self::Reconcile => "reconcile_payments",
            Self::CheckVatNumbers => "check_vat_numbers",
        }
    }

    /// Partition key of one shard in the `due` index.
    pub fn shard(self, shard: u8) -> String {
        format!("DUE#{}#{shard:02}", self.operation())
    }
}

impl Due {
    /// Partition key in the `due` index; the shard comes from the item's key.
    pub fn shard(&self, key: &Key) -> String {
        let hash = key
            .pk
            .bytes()
            .chain(key.sk.bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let shard = u8::try_from(hash % u64::from(SHARDS)).unwrap_or(0);
        self.job.shard(shard)
    }

    /// Sort key in the `due` index: the second at which it is due at the
    /// latest, then what is due.
    pub fn sort_key(&self, key: &Key) -> String {
        format!("{}#{}", due_bound(self.at), key.sk)
    }
}

/// A moment as the `due` index sorts it: whole seconds, rounded up so that
/// nothing is found before its time.
pub fn due_bound(at: Timestamp) -> String {
    let second = if at.subsec_nanosecond() > 0 {
        at.as_second().saturating_add(1)
    } else {
        at.as_second()
    };
    Timestamp::from_second(second).unwrap_or(at).to_string()
}
