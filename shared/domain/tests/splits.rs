//! Random amounts split at random: the parts sum to the whole, each is within a
//! unit of its exact share, and no weight means no part.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use domain::allocation::{allocate, fixed_discount, percent_discount};

/// SplitMix64: a seed decides every amount.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below 10 to the power of up to 11, small ones as often as large ones.
    fn amount(&mut self) -> i64 {
        let digits = u32::try_from(self.next() % 12).unwrap();
        i64::try_from(self.next() % 10_u64.pow(digits)).unwrap()
    }

    fn weights(&mut self) -> Vec<i64> {
        let lines = 1 + self.next() % 20;
        (0..lines).map(|_| self.amount()).collect()
    }
}

fn splits_sum_to_the_whole(seed: u64, many: u64) {
    let mut chance = Chance(seed);
    let mut split = 0;
    while split < many {
        let weights = chance.weights();
        let sum: i64 = weights.iter().sum();
        let total = chance.amount()
            * if chance.next().is_multiple_of(8) {
                -1
            } else {
                1
            };
        if sum == 0 {
            continue;
        }
        let parts = allocate(total, &weights).unwrap();
        assert_eq!(parts.iter().sum::<i64>(), total, "{total} over {weights:?}");
        for (part, weight) in parts.iter().zip(&weights) {
            let exact = i128::from(total) * i128::from(*weight);
            let off = i128::from(*part) * i128::from(sum) - exact;
            let is_near = off.abs() < i128::from(sum) && (*weight > 0 || *part == 0);
            assert!(is_near, "{part} of {total} for {weight} of {weights:?}");
        }
        let points = u32::try_from(1 + chance.next() % 10_000).unwrap();
        let discounts = [
            percent_discount(&weights, points),
            fixed_discount(&weights, 1 + chance.amount()),
        ];
        for discount in discounts.into_iter().flatten() {
            let shares = discount.shares.iter();
            assert_eq!(shares.clone().sum::<i64>(), discount.total);
            let is_within = shares
                .zip(&weights)
                .all(|(off, of)| (0..=*of).contains(off));
            assert!(is_within, "{discount:?} of {weights:?}");
        }
        split += 1;
    }
}

#[test]
fn a_hundred_thousand_random_splits() {
    splits_sum_to_the_whole(1, 100_000);
}

/// `make splits`: minutes without optimisation, seconds with it.
#[test]
#[ignore = "ten million: make splits"]
fn ten_million_random_splits() {
    splits_sum_to_the_whole(2, 10_000_000);
}
