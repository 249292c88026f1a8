//! What must stay true.

use std::fmt;

macro_rules! invariants {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $title:literal;)+) => {
        /// An invariant of the shop, numbered as in its reliability reference.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Invariant {
            $($(#[doc = $doc])+ $name = $number,)+
        }

        impl Invariant {
            /// Its number in the reference; 0 for what the reference takes
            /// for granted.
            pub fn number(self) -> u8 {
                match self { $(Self::$name => $number,)+ }
            }

            /// Its name.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

invariants! {
    /// Every item can be read, has a known type and lies where its content says.
    Form = 0, "form";
    /// Per currency all entries sum to zero, each posting too.
    LedgerZero = 1, "ledger zero";
    /// No ledger entry, number, event, period or finalised invoice changes or
    /// vanishes; every hash chain verifies.
    AppendOnly = 2, "append only";
    /// At most one capture per order and per period of a subscription.
    OneCapture = 3, "one capture";
    /// Paid if and only if the book holds the money.
    PaidIffCaptured = 4, "paid iff captured";
    /// What is refunded is at most what was captured; ledger and book agree.
    RefundBound = 5, "refund bound";
    /// Clearing is zero at rest.
    ClearingZero = 6, "clearing zero";
    /// Invoice numbers are 1 to n, issue dates never decrease.
    Numbers = 7, "numbers";
    /// Total is lines and tax, one rounding per rate; issued is booked.
    InvoiceArithmetic = 8, "invoice arithmetic";
    /// One renewal per period, periods tile time.
    Periods = 9, "periods";
    /// Who is served has paid or is in grace.
    Entitlement = 10, "entitlement";
    /// Each history is a path of its state machine; versions rise by 1.
    MonotoneStates = 11, "monotone states";
    /// One key, one fingerprint, one final response; one act, one commit.
    Claims = 12, "claims";
    /// Nothing outlives its bound once faults are off.
    NoStuckWork = 13, "no stuck work";
    /// Login, user, account and member exist together and once.
    Uniqueness = 14, "uniqueness";
    /// Ended sessions stay ended, refresh counters never go back.
    Sessions = 15, "sessions";
    /// A mailed token is used at most once.
    OneTimeCodes = 16, "one-time codes";
    /// Every item has exactly one owner and names no other.
    TenantClosure = 17, "tenant closure";
    /// Every pointer resolves.
    Pointers = 19, "pointers";
    /// Each change has its event in the same transaction.
    Audit = 20, "audit";
    /// Every webhook and event ends processed, quarantined or given up.
    Conservation = 21, "conservation";
    /// Attempts per payment stay within dunning's bounds.
    AttemptBound = 22, "attempt bound";
    /// Nothing is dated past now, nothing expired is honoured.
    Time = 24, "time";
    /// A due key is there exactly when something must happen, at that time.
    DueKey = 25, "due key";
    /// An event exists exactly when its change does.
    Outbox = 26, "outbox";
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.title())
    }
}
