//! The log going out. Every transport reads the same events from a cursor and differs only in how
//! it writes them down.

mod session;
pub mod socketio;
mod stats;

pub use stats::routes;
