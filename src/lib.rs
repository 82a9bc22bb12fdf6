//! A self-hosted, multi-tenant, real-time inbox that speaks Socket.IO.
//!
//! The modules below stand in layers, parted by blank lines. A module may use those of the layers
//! above its own, never a neighbour, never one below; `tests/it/layers.rs` holds us to it.

pub mod config;

pub mod simulate;
pub mod telemetry;

pub mod desk;

pub mod auth;
pub mod channels;
pub mod limit;
pub mod wire;

pub mod media;
pub mod push;
pub mod reconcile;

pub mod api;
pub mod courier;

pub mod realtime;

pub mod edge;

pub mod listen;

pub mod app;
