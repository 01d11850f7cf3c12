//! The auditor, in pipeline order: data moves only downwards through this list.

pub mod app;

pub mod config;

pub mod kernel;

pub mod decode;

pub mod session;

pub mod protocol;

pub mod record;

pub mod identity;

pub mod scope;

pub mod aggregate;

pub mod redact;

pub mod journal;

pub mod export;

pub mod telemetry;

pub mod doctor;

pub mod verify;

pub mod query;

pub mod report;

pub mod clock;

pub mod exit;

pub mod credential;

pub mod network;

pub mod pattern;

pub mod backoff;

mod text;
