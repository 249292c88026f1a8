//! Rate counters: token buckets as one number each.
//!
//! A bucket holds the moment at which it will be full again (the theoretical
//! arrival time of the generic cell rate algorithm). Taking a token moves that
//! moment one interval on; a token is there as long as the moment is not
//! further away than the bucket is deep. So the usual try, at a full bucket,
//! is one conditional update.

use super::item::Item;
use super::keys::{self, Key};
use super::{Store, StoreError};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure as OnFailure};
use jiff::Timestamp;

/// Updates tried before a bucket counts as too contended to decide on.
const TRIES: u32 = 4;

/// A token bucket: how many tokens it holds, and how fast one comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Its name in the key; also says what its subjects are.
    pub class: &'static str,
    /// Tokens of a full bucket, at least 1.
    pub burst: u32,
    /// Milliseconds until one token is back.
    pub interval_ms: i64,
}

/// What came of asking for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// There was one.
    Yes,
    /// There was none.
    No {
        /// Seconds until there is one, rounded up.
        retry_after: u32,
    },
}

/// What the law says at a moment, of a bucket that is full again at `full_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Law {
    /// It is full: it will be full again one interval from now.
    Full,
    /// It holds tokens, but not all.
    Partial,
    /// It is empty for this many milliseconds.
    Empty {
        /// Until a token is back.
        wait_ms: i64,
    },
}

impl Limit {
    /// The latest moment to be full again at which a token is still there.
    fn horizon(&self, now_ms: i64) -> i64 {
        let spare = i64::from(self.burst).saturating_sub(1);
        now_ms.saturating_add(self.interval_ms.saturating_mul(spare))
    }

    /// When an untouched counter is worth forgetting, in seconds since 1970: it
    /// is full by then.
    fn forgotten_at(&self, now_ms: i64) -> i64 {
        let deepest = self.horizon(now_ms).saturating_add(self.interval_ms);
        deepest.div_euclid(1000).saturating_add(60)
    }

    fn law(&self, full_at: Option<i64>, now_ms: i64) -> Law {
        match full_at {
            None => Law::Full,
            Some(full_at) if full_at <= now_ms => Law::Full,
            Some(full_at) => match full_at.saturating_sub(self.horizon(now_ms)) {
                wait_ms if wait_ms > 0 => Law::Empty { wait_ms },
                _ => Law::Partial,
            },
        }
    }
}

/// How an update of a counter ended.
enum Updated {
    Done,
    /// The condition did not hold; the counter as it is.
    Refused(Option<i64>),
}

impl Store {
    /// AP-60: takes a token from the bucket of a subject.
    ///
    /// # Errors
    /// [`StoreError`] when the counter cannot be reached.
    pub async fn take_token(
        &self,
        limit: &Limit,
        subject: &str,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let key = keys::rate(limit.class, subject);
        let now_ms = now.as_millisecond();
        let mut law = Law::Full;
        for _ in 0..TRIES {
            let tried = match law {
                Law::Full => self.take_from_full(limit, &key, now_ms).await?,
                Law::Partial => self.take_from_partial(limit, &key, now_ms).await?,
                Law::Empty { wait_ms } => {
                    let seconds = wait_ms.saturating_add(999).div_euclid(1000);
                    return Ok(Taken::No {
                        retry_after: u32::try_from(seconds).unwrap_or(u32::MAX),
                    });
                }
            };
            match tried {
                Updated::Done => return Ok(Taken::Yes),
                Updated::Refused(full_at) => law = limit.law(full_at, now_ms),
            }
        }
        Err(StoreError::Busy)
    }

    /// AP-61: gives a token back. A counter forgotten meanwhile is full anyway.
    ///
    /// # Errors
    /// [`StoreError`] when the counter cannot be reached.
    pub async fn give_token_back(&self, limit: &Limit, subject: &str) -> Result<(), StoreError> {
        let key = keys::rate(limit.class, subject);
        let values = [(":interval", limit.interval_ms)];
        let change = "SET full_at = full_at - :interval";
        self.update_counter(&key, change, "attribute_exists(full_at)", &values)
            .await
            .map(|_| ())
    }

    async fn take_from_full(
        &self,
        limit: &Limit,
        key: &Key,
        now_ms: i64,
    ) -> Result<Updated, StoreError> {
        let values = [
            (":now", now_ms),
            (":next", now_ms.saturating_add(limit.interval_ms)),
            (":forgotten", limit.forgotten_at(now_ms)),
        ];
        let change = "SET full_at = :next, expires_at = :forgotten";
        self.update_counter(
            key,
            change,
            "attribute_not_exists(full_at) OR full_at <= :now",
            &values,
        )
        .await
    }

    async fn take_from_partial(
        &self,
        limit: &Limit,
        key: &Key,
        now_ms: i64,
    ) -> Result<Updated, StoreError> {
        let values = [
            (":now", now_ms),
            (":interval", limit.interval_ms),
            (":horizon", limit.horizon(now_ms)),
            (":forgotten", limit.forgotten_at(now_ms)),
        ];
        let change = "SET full_at = full_at + :interval, expires_at = :forgotten";
        self.update_counter(
            key,
            change,
            "full_at > :now AND full_at <= :horizon",
            &values,
        )
        .await
    }

    async fn update_counter(
        &self,
        key: &Key,
        change: &str,
        condition: &str,
        values: &[(&str, i64)],
    ) -> Result<Updated, StoreError> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key.pk.clone()))
            .key("sk", AttributeValue::S(key.sk.clone()))
            .update_expression(change)
            .condition_expression(condition)
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        for (name, value) in values {
            update =
                update.expression_attribute_values(*name, AttributeValue::N(value.to_string()));
        }
        let Err(error) = update.send().await else {
            return Ok(Updated::Done);
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                Ok(Updated::Refused(refused.item().and_then(full_at)))
            }
            _ => Err(StoreError::from_sdk("UpdateItem", error)),
        }
    }
}

fn full_at(item: &Item) -> Option<i64> {
    match item.get("full_at") {
        Some(AttributeValue::N(text)) => text.parse().ok(),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIVE_THEN_ONE_A_MINUTE: Limit = Limit {
        class: "test",
        burst: 5,
        interval_ms: 60_000,
    };

    /// What the two updates do to the counter.
    fn take(limit: &Limit, full_at: &mut Option<i64>, now_ms: i64) -> bool {
        match limit.law(*full_at, now_ms) {
            Law::Full => *full_at = Some(now_ms + limit.interval_ms),
            Law::Partial => *full_at = full_at.map(|at| at + limit.interval_ms),
            Law::Empty { .. } => return false,
        }
        true
    }

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_one_per_interval() {
        let limit = FIVE_THEN_ONE_A_MINUTE;
        let mut full_at = None;
        let given = |full_at: &mut Option<i64>, at: i64| {
            (0..20).filter(|_| take(&limit, full_at, at)).count()
        };
        assert_eq!(given(&mut full_at, 0), 5);
        assert_eq!(given(&mut full_at, 59_999), 0);
        assert_eq!(given(&mut full_at, 60_000), 1);
        assert_eq!(given(&mut full_at, 3_600_000), 5);
    }

    #[test]
    fn an_empty_bucket_says_when_a_token_is_back() {
        let limit = FIVE_THEN_ONE_A_MINUTE;
        let mut full_at = None;
        while take(&limit, &mut full_at, 0) {}
        assert_eq!(limit.law(full_at, 1), Law::Empty { wait_ms: 59_999 });
        assert_eq!(limit.law(full_at, 60_000), Law::Partial);
    }

    #[test]
    fn a_token_given_back_can_be_taken_again() {
        let limit = FIVE_THEN_ONE_A_MINUTE;
        let mut full_at = None;
        while take(&limit, &mut full_at, 0) {}
        full_at = full_at.map(|at| at - limit.interval_ms);
        assert!(take(&limit, &mut full_at, 0));
        assert!(!take(&limit, &mut full_at, 0));
    }

    proptest! {
        /// In no window are more tokens taken than the burst and what came
        /// back in the window.
        #[test]
        fn no_window_sees_more_than_the_burst_and_the_rate(
            burst in 1_u32..8,
            interval_ms in 1_i64..1_000,
            steps in prop::collection::vec(0_i64..400, 1..120),
        ) {
            let limit = Limit { class: "test", burst, interval_ms };
            let mut full_at = None;
            let mut now = 0;
            let mut taken = Vec::new();
            for step in steps {
                now += step;
                if take(&limit, &mut full_at, now) {
                    taken.push(now);
                }
            }
            for (first, from) in taken.iter().enumerate() {
                for (last, to) in taken.iter().enumerate().skip(first) {
                    let count = i64::try_from(last - first + 1).unwrap();
                    prop_assert!(count <= i64::from(burst) + (to - from) / interval_ms);
                }
            }
        }

        /// Whoever is refused and waits as told gets a token.
        #[test]
        fn waiting_as_told_is_enough(burst in 1_u32..8, interval_ms in 1_i64..100_000, ahead in 1_i64..1_000_000) {
            let limit = Limit { class: "test", burst, interval_ms };
            if let Law::Empty { wait_ms } = limit.law(Some(ahead), 0) {
                prop_assert_eq!(limit.law(Some(ahead), wait_ms - 1), Law::Empty { wait_ms: 1 });
                let still_empty = matches!(limit.law(Some(ahead), wait_ms), Law::Empty { .. });
                prop_assert!(!still_empty);
            }
        }
    }
}
