//! Random bytes that follow a seed, for tests and simulations.

use crate::chance::Chance;
use crate::lock::lock;
use platform::clock::{Entropy, NoEntropy};
use std::sync::Mutex;

/// Deterministic bytes. Never used where secrets matter: only tests and
/// simulations choose a seed.
#[derive(Debug)]
pub(crate) struct SeededEntropy(Mutex<Chance>);

impl SeededEntropy {
    /// The same seed gives the same bytes.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Chance::seeded(seed)))
    }

    /// How far it has come.
    pub(crate) fn chance(&self) -> Chance {
        lock(&self.0).clone()
    }

    /// Goes on from there.
    pub(crate) fn set(&self, chance: Chance) {
        *lock(&self.0) = chance;
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        let mut chance = lock(&self.0);
        for chunk in buffer.chunks_mut(8) {
            for (byte, random) in chunk.iter_mut().zip(chance.draw().to_le_bytes()) {
                *byte = random;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::SeededEntropy;
    use platform::clock::Entropy as _;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        let draw = |seed| {
            let entropy = SeededEntropy::new(seed);
            let mut bytes = [0_u8; 21];
            entropy.fill(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}
