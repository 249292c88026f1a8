//! What is known of a customer's VAT number: what the register of the Union
//! (VIES) said of it, and when it is asked next.

use crate::attempt::after;
use crate::event::EventKind;
use crate::id::AccountId;
use crate::vat::{CrossBorderSales, Registration};
use crate::vat_number::{VatDigest, VatNumber};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A number somebody buys under, and what is known of it. The number of a sole
/// trader is personal data: it stands here and in sealed buyers alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VatCheck {
    /// Whose.
    pub account: AccountId,
    /// The number.
    pub number: VatNumber,
    /// What the register says.
    pub registration: Registration,
    /// When it was given first.
    pub given_at: Timestamp,
    /// When the register answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// What the register calls its last answer: the proof that it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consultation: Option<String>,
    /// How often in a row it did not answer.
    #[serde(default)]
    pub unanswered: u32,
    /// How often in a row it answered that there is no such number.
    #[serde(default)]
    pub refused: u32,
    /// True once it said that there is.
    #[serde(default)]
    pub proven: bool,
    /// When it is asked next; not at all about a number it refused for a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_at: Option<Timestamp>,
}

impl std::fmt::Debug for VatCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VatCheck({}, {:?})", self.account, self.registration)
    }
}

/// What the tax of a sale depends on beside the billing address.
#[derive(Debug, Clone, Default)]
pub struct TaxFacts {
    /// The buyer's VAT number, where one was given, and what is known of it.
    pub number: Option<(VatNumber, Registration)>,
    /// The seller's sales to consumers elsewhere in the Union, before this one.
    pub sales: CrossBorderSales,
}

impl TaxFacts {
    /// The number as a decision on tax asks for it.
    pub fn number(&self) -> Option<(&VatNumber, Registration)> {
        let (number, registration) = self.number.as_ref()?;
        Some((number, *registration))
    }
}

/// What a register answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// True when the number is registered.
    pub is_registered: bool,
    /// What it calls this answer; none where it did not give that.
    pub consultation: Option<String>,
}

/// How long a number that is registered is good: a business may lose it.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How soon one that is not is asked about again: new numbers come to the
/// register days after the business has them.
const PERHAPS_SOON: SignedDuration = SignedDuration::from_hours(24);

/// After how many answers in a row that there is no such number it is asked
/// about no more: a month of them.
const GIVEN_UP: u32 = 30;

/// How many of them may concern invoices that are still to come: an order that
/// was placed before the first answer can be paid and invoiced after it, for its
/// page lives an hour.
const HEEDED: u32 = 3;

/// How many questions may stay without an answer before that is told: those of
/// the first 17 hours.
const TOLD: u32 = 5;

/// How long after the first, the second … question without an answer the next
/// one is asked, in minutes; the last of them from then on.
const AGAIN: [i64; 6] = [5, 15, 60, 240, 720, 1440];

impl VatCheck {
    /// A number nobody asked about yet: due now.
    pub fn begin(account: AccountId, number: VatNumber, now: Timestamp) -> Self {
        Self {
            account,
            number,
            registration: Registration::Pending,
            given_at: now,
            answered_at: None,
            consultation: None,
            unanswered: 0,
            refused: 0,
            proven: false,
            check_at: Some(now),
        }
    }

    /// What is told of the register's last answer; nothing before the first.
    pub fn told(&self) -> Option<EventKind> {
        self.answered_at.map(|_| EventKind::VatNumberChecked {
            number: self.digest(),
            registered: self.registration == Registration::Valid,
        })
    }

    /// What a decision on tax asks of it.
    pub fn known(&self) -> (VatNumber, Registration) {
        (self.number.clone(), self.registration)
    }

    /// By what orders and subscriptions name it.
    pub fn digest(&self) -> VatDigest {
        self.number.digest()
    }

    /// The number after the register's answer.
    pub fn answered(self, answer: Answer, now: Timestamp) -> Self {
        let (registration, refused, good_for) = if answer.is_registered {
            (Registration::Valid, 0, GOOD_FOR)
        } else {
            let refused = self.refused.saturating_add(1);
            (Registration::Invalid, refused, PERHAPS_SOON)
        };
        Self {
            registration,
            answered_at: Some(now),
            consultation: answer.consultation,
            unanswered: 0,
            refused,
            proven: self.proven || [self.registration, registration].contains(&Registration::Valid),
            check_at: (refused < GIVEN_UP).then(|| after(now, good_for)),
            ..self
        }
    }

    /// The number once somebody orders under it again. About one that was given
    /// up the register is asked again, at once and for another month.
    pub fn ordered(self, now: Timestamp) -> Self {
        match self.check_at {
            Some(_) => self,
            None => Self {
                refused: HEEDED,
                check_at: Some(now),
                ..self
            },
        }
    }

    /// True when invoices may have been made without VAT, or be about to, for a
    /// number that was believed and turned out not to exist. What was invoiced
    /// under one that was proven once was right.
    pub fn casts_doubt(&self) -> bool {
        !self.proven && (1..=HEEDED).contains(&self.refused)
    }

    /// True when the register is silent about it for most of a day.
    pub fn is_overdue(&self) -> bool {
        self.unanswered > TOLD
    }

    /// The number after a question without an answer, which changes nothing
    /// about what is known of it.
    pub fn unanswered(self, now: Timestamp) -> Self {
        let place = usize::try_from(self.unanswered).unwrap_or(usize::MAX);
        let [.., last] = AGAIN;
        let minutes = AGAIN.get(place).copied().unwrap_or(last);
        Self {
            unanswered: self.unanswered.saturating_add(1),
            check_at: Some(after(now, SignedDuration::from_mins(minutes))),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id as _;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn number() -> VatCheck {
        VatCheck::begin(
            AccountId::from_bits(1),
            VatNumber::parse("DE136695976").unwrap(),
            at("2026-01-01T00:00:00Z"),
        )
    }

    #[test]
    fn a_register_that_is_silent_is_asked_ever_more_rarely_and_is_no_answer() {
        let mut check = number();
        let mut now = at("2026-01-01T00:00:00Z");
        let (mut waits, mut overdue) = (Vec::new(), Vec::new());
        for _ in 0..8 {
            check = check.unanswered(now);
            let next = check.check_at.unwrap();
            waits.push(next.duration_since(now).as_mins());
            overdue.push(check.is_overdue());
            now = next;
            assert_eq!(check.registration, Registration::Pending);
        }
        assert_eq!(waits, [5, 15, 60, 240, 720, 1440, 1440, 1440]);
        let told = [false, false, false, false, false, true, true, true];
        assert_eq!(overdue, told);
    }

    #[test]
    fn an_answer_is_kept_while_the_next_one_does_not_come() {
        let known = number().answered(registered(), at("2026-01-01T00:05:00Z"));
        assert_eq!(known.check_at, Some(at("2026-04-01T00:05:00Z")));
        let silent = known.unanswered(at("2026-04-01T00:05:00Z"));
        assert_eq!(silent.registration, Registration::Valid);
        assert_eq!(silent.consultation.as_deref(), Some("WAPI1"));
        assert_eq!(silent.check_at, Some(at("2026-04-01T00:10:00Z")));
        let over = silent.answered(unknown(), at("2026-04-01T00:10:00Z"));
        assert_eq!(
            (over.registration, over.unanswered),
            (Registration::Invalid, 0)
        );
        assert_eq!(over.check_at, Some(at("2026-04-02T00:10:00Z")));
        assert!(!over.casts_doubt(), "its invoices were right");
    }

    /// The number after the register refused it so often, a day apart, and the
    /// time of the last answer.
    fn refused(mut check: VatCheck, times: u32) -> (VatCheck, Timestamp) {
        let mut now = at("2026-01-01T00:05:00Z");
        for _ in 0..times {
            now = after(now, PERHAPS_SOON);
            check = check.answered(unknown(), now);
        }
        (check, now)
    }

    #[test]
    fn a_number_that_is_unknown_for_a_month_is_asked_about_when_it_is_used_again() {
        let (asked, now) = refused(number(), 29);
        assert_eq!(asked.check_at, Some(after(now, PERHAPS_SOON)));
        assert_eq!(asked.clone().ordered(now), asked, "it is due already");
        let (given_up, now) = refused(number(), 30);
        assert_eq!(given_up.check_at, None);
        let again = given_up.ordered(now);
        assert_eq!(again.check_at, Some(now));
        assert_eq!(again.registration, Registration::Invalid);
        let (asked, _) = refused(again.clone(), 26);
        assert!(asked.check_at.is_some(), "for another month");
        let (given_up, _) = refused(again, 27);
        assert_eq!(given_up.check_at, None);
        let late = given_up.answered(registered(), now);
        assert_eq!((late.refused, late.check_at.is_some()), (0, true));
    }

    #[test]
    fn a_number_that_was_believed_is_told_of_until_nothing_more_is_invoiced_under_it() {
        assert!(!number().casts_doubt());
        for (times, expected) in [(1, true), (2, true), (3, true), (4, false), (30, false)] {
            let (refused, now) = refused(number(), times);
            assert_eq!(refused.casts_doubt(), expected, "{times}");
            assert!(!refused.answered(registered(), now).casts_doubt());
        }
        let (given_up, now) = refused(number(), 30);
        let again = given_up.ordered(now).answered(unknown(), now);
        assert!(!again.casts_doubt(), "it was not believed again");
        // One that was stored before anybody noted that it was good.
        let kept = VatCheck {
            registration: Registration::Valid,
            ..number()
        };
        assert!(!refused(kept, 1).0.casts_doubt());
    }

    fn registered() -> Answer {
        Answer {
            is_registered: true,
            consultation: Some("WAPI1".to_owned()),
        }
    }

    fn unknown() -> Answer {
        Answer {
            is_registered: false,
            consultation: None,
        }
    }

    #[test]
    fn a_number_does_not_show_in_debug_output() {
        assert!(!format!("{:?}", number()).contains("136695976"));
    }
}
