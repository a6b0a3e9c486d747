//! Connections whose owner decides, in pairs over a virtual pipe.

mod early;
mod handshake;
mod hello;
mod owner;
mod refusals;
mod sessions;
mod tapping;
