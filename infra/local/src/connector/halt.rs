//! An effect that is halted before it happens, so that something else can be
//! done meanwhile: where two acts meet is chosen and not left to chance.

use std::sync::Arc;
use tokio::sync::Notify;

/// An effect that waits. Clones are about the same one.
#[derive(Debug, Clone, Default)]
pub struct Halt(Arc<Signals>);

#[derive(Debug, Default)]
struct Signals {
    reached: Notify,
    released: Notify,
}

impl Halt {
    /// Waits until a function is about to make the effect.
    pub async fn reached(&self) {
        self.0.reached.notified().await;
    }

    /// Lets it go on.
    pub fn release(&self) {
        self.0.released.notify_one();
    }

    /// What the connector does at the effect.
    pub(super) async fn wait(&self) {
        self.0.reached.notify_one();
        self.0.released.notified().await;
    }
}
