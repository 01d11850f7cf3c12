//! The API server as a source, against a stand-in that fails in every way a real one does.

#![forbid(unsafe_code)]

mod api;
mod follower;
mod lists;
mod outages;
mod owners;
mod peers;
#[expect(dead_code, reason = "the end-to-end tests use the rest of it")]
#[path = "../e2e/support/temp.rs"]
mod temp;
