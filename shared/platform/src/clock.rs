//! Time and randomness, as inputs.
//!
//! An operation learns what time it is and gets its random bytes here and
//! nowhere else, so that a test, a replay or a simulation decides both.

use domain::id::Id;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the machine's clock"
        )]
        Timestamp::now()
    }
}

/// Gives random bytes.
pub trait Entropy: fmt::Debug + Send + Sync {
    /// Fills the buffer.
    ///
    /// # Errors
    /// [`NoEntropy`] when the source is dry.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The source of randomness gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no random bytes to be had")]
pub struct NoEntropy;

/// The operating system's random numbers.
#[derive(Debug)]
pub struct SystemEntropy(SystemRandom);

impl Default for SystemEntropy {
    fn default() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that opens the system's random source"
        )]
        Self(SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        self.0.fill(buffer).map_err(|_| NoEntropy)
    }
}

/// A new id: a UUIDv7 of this moment and 74 random bits.
///
/// # Errors
/// [`NoEntropy`] when there are no random bytes.
pub fn new_id<T: Id>(now: Timestamp, entropy: &dyn Entropy) -> Result<T, NoEntropy> {
    let mut random = [0_u8; 10];
    entropy.fill(&mut random)?;
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    Ok(T::from_bits(uuid.as_u128()))
}
