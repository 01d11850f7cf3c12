//! Records on standard output: JSON lines, OTLP JSON lines, or lines for people.

mod json;
mod otlp;
mod pretty;
mod sink;
mod timestamp;

pub use json::write_line as json_line;
pub use pretty::Pretty;
pub use sink::{Form, StdoutSink};
