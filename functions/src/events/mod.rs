//! What follows from events.

pub mod dispatch_events;
