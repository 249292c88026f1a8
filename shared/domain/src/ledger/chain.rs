//! Whether the entries of an account are one chain.

use super::{LedgerEntry, LedgerHead};

/// What is wrong with a chain of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// An entry's content does not give its hash.
    #[error("entry {0} was changed")]
    Changed(u64),
    /// An entry does not follow the one before.
    #[error("entry {0} does not follow the one before")]
    Broken(u64),
    /// An entry's lines do not sum to zero.
    #[error("entry {0} does not balance")]
    Unbalanced(u64),
}

/// Checks a whole chain, from its first entry to its head.
///
/// # Errors
/// The first [`ChainError`] found.
pub fn verify(entries: &[LedgerEntry], head: &LedgerHead) -> Result<(), ChainError> {
    let mut end = LedgerHead::empty(head.account);
    for entry in entries {
        if entry.previous != end.hash || entry.sequence != end.sequence.saturating_add(1) {
            return Err(ChainError::Broken(entry.sequence));
        }
        if entry.digest() != entry.hash {
            return Err(ChainError::Changed(entry.sequence));
        }
        if entry
            .lines
            .iter()
            .map(|line| i128::from(line.amount))
            .sum::<i128>()
            != 0
        {
            return Err(ChainError::Unbalanced(entry.sequence));
        }
        end = LedgerHead {
            account: head.account,
            sequence: entry.sequence,
            hash: entry.hash.clone(),
            captures: head.captures,
        };
    }
    if (end.sequence, &end.hash) == (head.sequence, &head.hash) {
        Ok(())
    } else {
        Err(ChainError::Broken(head.sequence))
    }
}
