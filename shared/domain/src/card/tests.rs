use super::*;
use crate::id::Id as _;

const NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);

fn card(bits: u128, number: &str) -> Card {
    Card {
        id: CardId::from_bits(bits),
        method: format!("pm_{bits}"),
        face: Face {
            brand: "visa".to_owned(),
            last4: number.to_owned(),
            expires: Expiry {
                year: 2027,
                month: 12,
            },
            fingerprint: Some(number.to_owned()),
        },
        added_at: NOW,
        warned: 0,
    }
}

/// Before the cards of these tests expire.
fn days_before_the_end(days: i64) -> Timestamp {
    let end: Timestamp = "2028-01-01T00:00:00Z".parse().unwrap();
    end - SignedDuration::from_hours(days * 24)
}

fn two() -> Wallet {
    let empty = Wallet::empty(AccountId::from_bits(1));
    let one = empty
        .add(card(1, "4242"), Given::WithOrder, NOW)
        .unwrap()
        .wallet;
    one.add(card(2, "4444"), Given::WithOrder, NOW)
        .unwrap()
        .wallet
}

#[test]
fn a_card_is_good_until_its_month_is_over() {
    let end: Timestamp = "2028-01-01T00:00:00Z".parse().unwrap();
    let expiry = Expiry::new(2027, 12).unwrap();
    assert_eq!(expiry.ends_at(), end);
    assert!(!expiry.is_over(end - SignedDuration::from_secs(1)));
    assert!(expiry.is_over(end));
    assert_eq!(Expiry::new(2027, 13), None);
}

#[test]
fn the_first_card_is_the_default_and_stays_it() {
    let wallet = two();
    assert_eq!(wallet.default, Some(CardId::from_bits(1)));
    assert_eq!(wallet.retry_at, None);
    assert_eq!(wallet.check_at, Some(days_before_the_end(30)));
}

#[test]
fn a_first_card_given_alone_is_tried_for_what_failed_before() {
    let empty = Wallet::empty(AccountId::from_bits(1));
    let given = empty.add(card(1, "4242"), Given::Alone, NOW).unwrap();
    assert_eq!(given.wallet.retry_at, Some(NOW));
    assert_eq!(two().retry_at, None, "a purchase's");
    let second = two().add(card(3, "1881"), Given::Alone, NOW).unwrap();
    assert_eq!(second.wallet.retry_at, None);
}

#[test]
fn a_card_that_paid_for_one_that_failed_takes_over() {
    let changed = two().add(card(3, "1881"), Given::ForRenewal, NOW).unwrap();
    assert_eq!(changed.wallet.default, Some(CardId::from_bits(3)));
    assert_eq!(changed.wallet.retry_at, Some(NOW));
    assert_eq!(changed.wallet.check_at, Some(NOW));
}

#[test]
fn the_same_card_again_is_one_card_charged_by_the_newer_method() {
    let changed = two().add(card(3, "4242"), Given::WithOrder, NOW).unwrap();
    let wallet = changed.wallet;
    assert_eq!(wallet.cards.len(), 2);
    assert_eq!(wallet.default_card().unwrap().method, "pm_3");
    // It may be charged right now, by somebody who read the cards before.
    assert_eq!(wallet.to_forget(NOW), None);
    assert_eq!(wallet.to_forget(after(NOW, QUIET)), Some("pm_1"));
    let updated = EventKind::CardUpdated {
        card: CardId::from_bits(1),
    };
    assert_eq!(changed.told, [updated]);
    let again = wallet
        .clone()
        .add(card(3, "4242"), Given::WithOrder, NOW)
        .unwrap();
    assert_eq!((again.wallet, again.told), (wallet, vec![]));
}

#[test]
fn cards_without_fingerprint_are_never_the_same() {
    let nameless = |bits| {
        let mut card = card(bits, "4242");
        card.face.fingerprint = None;
        card
    };
    let empty = Wallet::empty(AccountId::from_bits(1));
    let one = empty
        .add(nameless(1), Given::WithOrder, NOW)
        .unwrap()
        .wallet;
    let both = one.add(nameless(2), Given::WithOrder, NOW).unwrap().wallet;
    assert_eq!(both.cards.len(), 2);
}

#[test]
fn only_a_card_that_is_good_becomes_the_default() {
    let late: Timestamp = "2028-01-01T00:00:00Z".parse().unwrap();
    let second = CardId::from_bits(2);
    assert_eq!(two().set_default(second, late), Err(CardRefusal::Expired));
    assert_eq!(
        two().set_default(CardId::from_bits(9), NOW),
        Err(CardRefusal::Unknown)
    );
    let changed = two().set_default(second, NOW).unwrap().unwrap().wallet;
    assert_eq!(changed.default, Some(second));
    assert_eq!(changed.set_default(second, NOW), Ok(None));
}

#[test]
fn the_default_goes_only_when_nothing_renews_by_it() {
    let first = CardId::from_bits(1);
    assert_eq!(two().remove(first, true, NOW), Err(CardRefusal::Needed));
    let changed = two().remove(first, false, NOW).unwrap().wallet;
    assert_eq!(changed.default, Some(CardId::from_bits(2)));
    assert_eq!(changed.to_forget(after(NOW, QUIET)), Some("pm_1"));
    let other = two().remove(CardId::from_bits(2), true, NOW).unwrap();
    assert_eq!(other.wallet.default, Some(first));
}

#[test]
fn what_the_provider_is_to_forget_is_asked_again_until_it_did() {
    let changed = two().remove(CardId::from_bits(2), true, NOW).unwrap();
    let later = changed.wallet.left_later("pm_2", NOW);
    assert_eq!(later.to_forget(NOW), None);
    assert_eq!(later.check_at, NOW.checked_add(RETRY).ok());
    let left = later.left("pm_2");
    assert_eq!(left.leaving.len(), 0);
    assert_eq!(left.check_at, Some(days_before_the_end(30)));
}

#[test]
fn a_wallet_holds_only_so_many_cards() {
    let mut wallet = Wallet::empty(AccountId::from_bits(1));
    for number in 0..20_u128 {
        let more = wallet.add(card(number, &number.to_string()), Given::WithOrder, NOW);
        wallet = more.unwrap().wallet;
    }
    assert_eq!(
        wallet.clone().add(card(99, "99"), Given::WithOrder, NOW),
        Err(CardRefusal::TooMany)
    );
    assert!(wallet.add(card(99, "7"), Given::WithOrder, NOW).is_ok());
}

#[test]
fn failed_renewals_are_looked_for_until_no_other_card_can_be_charged() {
    let second = CardId::from_bits(2);
    let wallet = two().set_default(second, NOW).unwrap().unwrap().wallet;
    assert_eq!(wallet.check_at, Some(NOW));
    let early = wallet.retried(false, NOW);
    assert_eq!(early.check_at, Some(after(NOW, RETRY)));
    let late = after(NOW, QUIET);
    let busy = early.clone().retried(true, late);
    assert_eq!(busy.check_at, Some(after(late, RETRY)));
    assert_eq!(early.retried(false, late).retry_at, None);
}

#[test]
fn the_owner_of_the_default_card_is_told_twice_that_it_expires() {
    let second = SignedDuration::from_secs(1);
    let wallet = two();
    let (month, week) = (days_before_the_end(30), days_before_the_end(7));
    assert_eq!(wallet.expiring(month - second), None);
    assert_eq!(wallet.expiring(month).unwrap().id, CardId::from_bits(1));
    let once = wallet.clone().warned(month);
    assert_eq!((once.expiring(month), once.check_at), (None, Some(week)));
    let twice = once.warned(week);
    assert_eq!((twice.expiring(week), twice.check_at), (None, None));
    // Late, one word is enough.
    assert_eq!(wallet.clone().warned(week), twice);
    // A card that is good for longer is told of anew.
    let face = Face {
        expires: Expiry::new(2031, 5).unwrap(),
        ..wallet.cards[0].face.clone()
    };
    let renewed = twice.refreshed("pm_1", &face, week).unwrap().wallet;
    assert_eq!(renewed.expiring(week), None);
    assert_eq!(renewed.default_card().unwrap().warned, 0);
    // And of another that takes its place.
    let other = wallet.warned(week).set_default(CardId::from_bits(2), week);
    assert!(other.unwrap().unwrap().wallet.expiring(week).is_some());
}

#[test]
fn where_nothing_renews_no_word_is_used_up_until_the_card_is_over() {
    let month = days_before_the_end(30);
    let idle = two().idle(month);
    let again = after(month, IDLE);
    assert_eq!((idle.expiring(month), idle.check_at), (None, Some(again)));
    assert!(idle.expiring(again).is_some());
    let told = idle.clone().warned(again);
    assert_eq!(told.check_at, Some(days_before_the_end(7)));
    assert_eq!(idle.idle(days_before_the_end(0)).check_at, None);
}

#[test]
fn an_expired_card_is_no_default_where_there_is_a_good_one() {
    let expiring = |bits, number, year| {
        let mut card = card(bits, number);
        card.face.expires.year = year;
        card
    };
    let end = days_before_the_end(0);
    let add = |wallet: Wallet, card| wallet.add(card, Given::WithOrder, end).unwrap().wallet;
    // One that is over as well stays beside it.
    let wallet = add(two(), expiring(3, "3", 2026));
    assert_eq!(wallet.default, Some(CardId::from_bits(1)));
    let wallet = add(wallet, expiring(4, "4", 2031));
    assert_eq!(wallet.default, Some(CardId::from_bits(4)));
    assert_eq!(wallet.retry_at, Some(end));
    let wallet = add(wallet, expiring(5, "5", 2032));
    assert_eq!(wallet.default, Some(CardId::from_bits(4)));
    let wallet = add(wallet, expiring(6, "6", 2026));
    let gone = wallet.remove(CardId::from_bits(4), false, end).unwrap();
    assert_eq!(gone.wallet.default, Some(CardId::from_bits(5)));
    let wallet = gone.wallet.remove(CardId::from_bits(5), false, end);
    let default = wallet.unwrap().wallet.default;
    assert_eq!(default, Some(CardId::from_bits(6)), "better than none");
}
