//! What follows from events.

pub mod delivery;
#[cfg(test)]
mod delivery_tests;
pub mod dispatch_events;
#[cfg(test)]
mod dispatch_tests;
#[cfg(test)]
mod test_cloud;
