//! What follows from events.

pub mod delivery;
pub mod dispatch_events;
#[cfg(test)]
mod tests;
