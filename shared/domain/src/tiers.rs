//! How a quantity becomes an amount: per unit, graduated or by volume.

use crate::allocation::DiscountError;
use crate::rounding::ArithmeticError;
use serde::{Deserialize, Serialize};

/// A price without VAT for one billing period, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Record", into = "Record")]
pub enum PriceScheme {
    /// Every unit costs the same.
    PerUnit {
        /// Price of one unit.
        unit_amount: i64,
    },
    /// Each unit costs what its own tier says, plus the flat fee of every tier
    /// reached.
    Graduated(Vec<Tier>),
    /// All units cost what the tier that holds the quantity says, plus its
    /// flat fee.
    Volume(Vec<Tier>),
}

/// One step of a tiered price, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tier {
    /// Last quantity of the tier; none for no end.
    pub up_to: Option<u64>,
    /// Price of one unit.
    pub unit_amount: i64,
    /// Charged once when the tier is reached.
    #[serde(default)]
    pub flat_amount: i64,
}

/// Why a price is refused or a quantity has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// A tiered price without tiers.
    #[error("at least one tier is needed")]
    NoTiers,
    /// Bounds that do not rise from 1, or a tier after the one without end.
    #[error("tiers rise, and only the last one may have no end")]
    NotAscending,
    /// Prices are not below zero.
    #[error("a price is not negative")]
    Negative,
    /// No tier holds the quantity.
    #[error("the quantity is above the last tier")]
    AboveLastTier,
    /// A discount that is none.
    #[error(transparent)]
    Discount(#[from] DiscountError),
    /// The amount is out of range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}

/// Units charged alike, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricePart {
    /// How many.
    pub units: u64,
    /// Price of one.
    pub unit_amount: i64,
    /// Charged once beside them.
    pub flat_amount: i64,
}

impl PricePart {
    /// What it comes to.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`].
    pub fn total(&self) -> Result<i64, ArithmeticError> {
        Ok(i64::try_from(self.exact()?)?)
    }

    fn exact(&self) -> Result<i128, ArithmeticError> {
        i128::from(self.units)
            .checked_mul(i128::from(self.unit_amount))
            .and_then(|amount| amount.checked_add(i128::from(self.flat_amount)))
            .ok_or(ArithmeticError::Overflow)
    }
}

impl Tier {
    fn part(&self, units: u64) -> PricePart {
        PricePart {
            units,
            unit_amount: self.unit_amount,
            flat_amount: self.flat_amount,
        }
    }
}

impl PriceScheme {
    /// Its name in the API.
    pub fn mode(&self) -> &'static str {
        match self {
            Self::PerUnit { .. } => "per_unit",
            Self::Graduated(_) => "graduated",
            Self::Volume(_) => "volume",
        }
    }

    /// What a quantity costs, in minor units. A quantity of zero costs nothing
    /// and reaches no tier.
    ///
    /// # Errors
    /// [`PriceError::AboveLastTier`], or [`PriceError::Arithmetic`] on overflow.
    pub fn total(&self, quantity: u64) -> Result<i64, PriceError> {
        let parts = self.parts(quantity)?;
        let total = parts.iter().try_fold(0_i128, |total, part| {
            total
                .checked_add(part.exact()?)
                .ok_or(ArithmeticError::Overflow)
        })?;
        Ok(i64::try_from(total).map_err(ArithmeticError::from)?)
    }

    /// What a quantity is charged as: one part, or with graduated tiers one for
    /// each tier reached. None for a quantity of zero.
    ///
    /// # Errors
    /// [`PriceError::AboveLastTier`].
    pub fn parts(&self, quantity: u64) -> Result<Vec<PricePart>, PriceError> {
        if quantity == 0 {
            return Ok(Vec::new());
        }
        match self {
            Self::PerUnit { unit_amount } => Ok(vec![PricePart {
                units: quantity,
                unit_amount: *unit_amount,
                flat_amount: 0,
            }]),
            Self::Graduated(tiers) => graduated(tiers, quantity),
            Self::Volume(tiers) => volume(tiers, quantity),
        }
    }

    /// Checks what a catalogue editor wrote: at least one tier, rising bounds,
    /// only the last without end, nothing negative.
    ///
    /// # Errors
    /// See [`PriceError`].
    pub fn validate(&self) -> Result<(), PriceError> {
        match self {
            Self::PerUnit { unit_amount } if *unit_amount < 0 => Err(PriceError::Negative),
            Self::PerUnit { .. } => Ok(()),
            Self::Graduated(tiers) | Self::Volume(tiers) => validate(tiers),
        }
    }
}

fn validate(tiers: &[Tier]) -> Result<(), PriceError> {
    if tiers.is_empty() {
        return Err(PriceError::NoTiers);
    }
    if tiers
        .iter()
        .any(|tier| tier.unit_amount < 0 || tier.flat_amount < 0)
    {
        return Err(PriceError::Negative);
    }
    // An open tier counts as bound by the largest quantity: nothing fits above.
    let bounds = tiers.iter().map(|tier| tier.up_to.unwrap_or(u64::MAX));
    let rising = std::iter::once(0)
        .chain(bounds)
        .is_sorted_by(|lower, upper| lower < upper);
    if rising {
        Ok(())
    } else {
        Err(PriceError::NotAscending)
    }
}

fn graduated(tiers: &[Tier], quantity: u64) -> Result<Vec<PricePart>, PriceError> {
    let mut parts = Vec::new();
    let mut below = 0;
    for tier in tiers {
        if quantity <= below {
            break;
        }
        let upper = tier.up_to.unwrap_or(u64::MAX).min(quantity);
        parts.push(tier.part(upper.saturating_sub(below)));
        below = upper;
    }
    if below < quantity {
        Err(PriceError::AboveLastTier)
    } else {
        Ok(parts)
    }
}

fn volume(tiers: &[Tier], quantity: u64) -> Result<Vec<PricePart>, PriceError> {
    let tier = tiers
        .iter()
        .find(|tier| tier.up_to.is_none_or(|last| quantity <= last))
        .ok_or(PriceError::AboveLastTier)?;
    Ok(vec![tier.part(quantity)])
}

/// The stored and published form, checked on the way in.
#[derive(Serialize, Deserialize)]
#[serde(
    tag = "mode",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
enum Record {
    PerUnit { unit_amount: i64 },
    Graduated { tiers: Vec<Tier> },
    Volume { tiers: Vec<Tier> },
}

impl TryFrom<Record> for PriceScheme {
    type Error = PriceError;

    fn try_from(record: Record) -> Result<Self, PriceError> {
        let scheme = match record {
            Record::PerUnit { unit_amount } => Self::PerUnit { unit_amount },
            Record::Graduated { tiers } => Self::Graduated(tiers),
            Record::Volume { tiers } => Self::Volume(tiers),
        };
        scheme.validate().map(|()| scheme)
    }
}

impl From<PriceScheme> for Record {
    fn from(scheme: PriceScheme) -> Self {
        match scheme {
            PriceScheme::PerUnit { unit_amount } => Self::PerUnit { unit_amount },
            PriceScheme::Graduated(tiers) => Self::Graduated { tiers },
            PriceScheme::Volume(tiers) => Self::Volume { tiers },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tier(up_to: Option<u64>, unit_amount: i64, flat_amount: i64) -> Tier {
        Tier {
            up_to,
            unit_amount,
            flat_amount,
        }
    }

    #[test]
    fn a_quantity_above_the_last_tier_is_refused() {
        let tiers = vec![tier(Some(10), 100, 0)];
        for scheme in [
            PriceScheme::Graduated(tiers.clone()),
            PriceScheme::Volume(tiers),
        ] {
            assert_eq!(scheme.total(10), Ok(1_000));
            assert_eq!(scheme.total(11), Err(PriceError::AboveLastTier));
        }
    }

    #[test]
    fn nothing_costs_nothing() {
        let tiers = vec![tier(None, 100, 5_000)];
        for scheme in [
            PriceScheme::PerUnit { unit_amount: 100 },
            PriceScheme::Graduated(tiers.clone()),
            PriceScheme::Volume(tiers),
        ] {
            assert_eq!(scheme.total(0), Ok(0));
        }
    }

    #[test]
    fn an_amount_out_of_range_is_an_error() {
        let overflow = Err(PriceError::Arithmetic(ArithmeticError::Overflow));
        assert_eq!(
            PriceScheme::PerUnit {
                unit_amount: i64::MAX
            }
            .total(2),
            overflow
        );
        assert_eq!(
            PriceScheme::PerUnit { unit_amount: 1 }.total(u64::MAX),
            overflow
        );
    }

    #[test]
    fn tiers_that_make_no_sense_are_refused() {
        for (tiers, error) in [
            (vec![], PriceError::NoTiers),
            (vec![tier(Some(0), 1, 0)], PriceError::NotAscending),
            (
                vec![tier(Some(5), 1, 0), tier(Some(5), 1, 0)],
                PriceError::NotAscending,
            ),
            (
                vec![tier(Some(5), 1, 0), tier(Some(4), 1, 0)],
                PriceError::NotAscending,
            ),
            (
                vec![tier(None, 1, 0), tier(Some(4), 1, 0)],
                PriceError::NotAscending,
            ),
            (
                vec![tier(None, 1, 0), tier(None, 1, 0)],
                PriceError::NotAscending,
            ),
            (vec![tier(None, -1, 0)], PriceError::Negative),
            (vec![tier(None, 1, -1)], PriceError::Negative),
        ] {
            assert_eq!(
                PriceScheme::Graduated(tiers.clone()).validate(),
                Err(error),
                "{tiers:?}"
            );
            assert_eq!(PriceScheme::Volume(tiers).validate(), Err(error));
        }
        assert_eq!(
            PriceScheme::PerUnit { unit_amount: -1 }.validate(),
            Err(PriceError::Negative)
        );
    }

    #[test]
    fn a_price_may_be_nothing() {
        let free = || vec![tier(Some(10), 0, 0), tier(None, 100, 0)];
        for scheme in [
            PriceScheme::PerUnit { unit_amount: 0 },
            PriceScheme::Graduated(free()),
            PriceScheme::Volume(free()),
        ] {
            assert_eq!(scheme.validate(), Ok(()), "{scheme:?}");
            assert_eq!(scheme.total(10), Ok(0), "{scheme:?}");
        }
    }

    #[test]
    fn json_names_the_mode_and_is_checked_when_read() {
        for json in [
            r#"{"mode":"per_unit","unitAmount":4990}"#,
            r#"{"mode":"graduated","tiers":[{"upTo":10,"unitAmount":1000,"flatAmount":500},{"upTo":null,"unitAmount":700,"flatAmount":0}]}"#,
            r#"{"mode":"volume","tiers":[{"upTo":null,"unitAmount":700,"flatAmount":0}]}"#,
        ] {
            let scheme: PriceScheme = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&scheme).unwrap(), json);
        }
        let flat_amount_left_out = r#"{"mode":"volume","tiers":[{"upTo":null,"unitAmount":700}]}"#;
        let scheme: PriceScheme = serde_json::from_str(flat_amount_left_out).unwrap();
        assert_eq!(scheme, PriceScheme::Volume(vec![tier(None, 700, 0)]));
        for bad in [
            r#"{"mode":"volume","tiers":[]}"#,
            r#"{"mode":"per_unit","unitAmount":-1}"#,
        ] {
            assert!(serde_json::from_str::<PriceScheme>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn one_open_tier_costs_the_same_in_every_mode(unit_amount in 0_i64..1_000_000, quantity in 0_u64..1_000_000) {
            let total = PriceScheme::PerUnit { unit_amount }.total(quantity);
            let tiers = vec![tier(None, unit_amount, 0)];
            prop_assert_eq!(PriceScheme::Graduated(tiers.clone()).total(quantity), total);
            prop_assert_eq!(PriceScheme::Volume(tiers).total(quantity), total);
        }

        #[test]
        fn a_graduated_total_never_falls_with_the_quantity(
            widths in proptest::collection::vec((1_u64..100, 0_i64..10_000, 0_i64..10_000), 1..6),
            quantity in 0_u64..600,
        ) {
            let mut last = 0;
            let tiers = widths.into_iter().map(|(width, unit, flat)| {
                last += width;
                tier(Some(last), unit, flat)
            });
            let scheme = PriceScheme::Graduated(tiers.chain([tier(None, 1, 1)]).collect());
            prop_assert_eq!(scheme.validate(), Ok(()));
            prop_assert!(scheme.total(quantity).unwrap() <= scheme.total(quantity + 1).unwrap());
        }
    }
}
