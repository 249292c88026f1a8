//! What somebody does in a history.

use super::plan::{CARDS, Plan, pick, pick_index, plan, someone};
use local::Chance;

/// Something somebody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Registers, and opens the mailed link.
    Register,
    /// Asks for another verification mail.
    Resend,
    /// Logs in anew.
    LogIn,
    /// Uses the refresh token, sometimes an old one.
    Refresh {
        /// How many tokens back.
        back: usize,
    },
    /// Logs out.
    LogOut,
    /// Puts a plan into the cart.
    Cart(Plan),
    /// Puts two plans into the cart, from two tabs at once.
    Tabs([Plan; 2]),
    /// The same before logging in, in a browser that still has the token of a
    /// cart of long ago.
    GuestTabs([Plan; 2]),
    /// Orders a plan in one tab, and cancels it in the other at once.
    OrderAndCancel(Plan),
    /// Empties the cart.
    ClearCart,
    /// Orders what is in the cart.
    OrderCart,
    /// Orders a plan.
    Order(Plan),
    /// Asks once more what was asked last with a key.
    Again,
    /// Pays on one of the payment pages.
    Pay {
        /// Which, counted from the last.
        back: usize,
        /// With which card.
        card: &'static str,
    },
    /// Opens a page for a card and gives it there.
    GiveCard {
        /// Which card.
        card: &'static str,
    },
    /// Makes one of the saved cards the default.
    DefaultCard {
        /// Which, counted from the last.
        back: usize,
    },
    /// Removes one of the saved cards.
    RemoveCard {
        /// Which, counted from the last.
        back: usize,
    },
    /// Asks for another page of one of the orders.
    AnotherPage {
        /// Which, counted from the last.
        back: usize,
    },
    /// Cancels one of the orders.
    Cancel {
        /// Which, counted from the last.
        back: usize,
    },
    /// Reads everything there is.
    Look,
    /// Asks for somebody else's things.
    Pry,
    /// An administrator asks for this customer's things.
    Administer,
    /// Finance give money back.
    Refund {
        /// Of which capture, counted from the last.
        back: usize,
        /// How much of it.
        percent: u64,
    },
    /// Somebody gives money back by hand at the provider.
    ByHand {
        /// Of which capture, counted from the last.
        back: usize,
        /// How much of it.
        percent: u64,
    },
    /// A card holder disputes one of the captures.
    Dispute {
        /// Which, counted from the last.
        back: usize,
        /// True when the bank only asks at first.
        inquiry: bool,
    },
    /// Somebody sends evidence for the oldest dispute that is open.
    Evidence,
    /// The bank decides the oldest dispute that is open.
    Verdict {
        /// For the shop, or for the card holder.
        won: bool,
    },
    /// A schedule starts a job, due or not.
    Tick(&'static str),
    /// The provider's events that are due arrive all at once.
    Deliver,
    /// The provider sends a past event again.
    Redeliver {
        /// Which, counted from the last.
        back: usize,
    },
    /// Somebody posts an event that the provider did not sign.
    Forge,
}

/// Cards somebody may save without a payment.
const GIVEN: [&str; 4] = [
    "4242424242424242",
    "5555555555554444",
    "378282246310005",
    "4000000000000341",
];

/// What somebody does, and who.
pub(super) fn deed(chance: &mut Chance, customers: usize) -> (usize, Deed) {
    let who = someone(chance, customers);
    let back = pick_index(chance, 3);
    let deed = match chance.below(100) {
        0..3 => Deed::Register,
        3..5 => Deed::Resend,
        5..9 => Deed::LogIn,
        9..14 => Deed::Refresh { back },
        14..16 => Deed::LogOut,
        16..19 => Deed::Cart(plan(chance)),
        19..21 => Deed::Tabs([plan(chance), plan(chance)]),
        21..22 => Deed::GuestTabs([plan(chance), plan(chance)]),
        22..23 => Deed::ClearCart,
        23..28 => Deed::OrderCart,
        28..36 => Deed::Order(plan(chance)),
        36..38 => Deed::GiveCard {
            card: pick(chance, &GIVEN),
        },
        38..39 => Deed::DefaultCard { back },
        39..43 => Deed::OrderAndCancel(plan(chance)),
        43..46 => Deed::Again,
        46..47 => Deed::Dispute {
            back,
            inquiry: chance.below(4) == 0,
        },
        47..48 => Deed::ByHand {
            back,
            percent: pick(chance, &[1, 40, 100]),
        },
        48..50 => Deed::Refund {
            back,
            percent: pick(chance, &[1, 30, 50, 99, 100]),
        },
        50..51 => Deed::Evidence,
        51..67 => Deed::Pay {
            back,
            card: pick(chance, &CARDS),
        },
        67..70 => Deed::AnotherPage { back },
        70..75 => Deed::Cancel { back },
        75..76 => Deed::RemoveCard { back },
        76..78 => Deed::Look,
        78..80 => Deed::Verdict {
            won: chance.below(2) == 0,
        },
        80..82 => Deed::Pry,
        82..83 => Deed::Administer,
        83..90 => Deed::Tick(pick(chance, &["renew_subscriptions", "reconcile_payments"])),
        90..95 => Deed::Deliver,
        95..98 => Deed::Redeliver { back },
        _ => Deed::Forge,
    };
    (who, deed)
}
