//! A stand-in for the API server, and the objects that it has.

mod answer;
pub(crate) mod objects;
mod selection;
pub(crate) mod server;
mod state;
