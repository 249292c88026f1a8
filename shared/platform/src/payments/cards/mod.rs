//! Saved cards: given on a page of the provider, learnt from it, forgotten by
//! it. The provider keeps the card; the table keeps what it tells of it.

mod calls;
pub(super) mod events;
mod learn;
mod objects;
mod page;
mod wallet;

pub use learn::learn_paid;
pub use objects::NewSetup;
pub use page::{check_new_card, open_card_page};
pub use wallet::check_wallet;
