//! The API server as a source, against a stand-in that fails in every way a real one does.

#![forbid(unsafe_code)]

mod api;
mod follower;
mod lists;
mod outages;
mod owners;
mod peers;
