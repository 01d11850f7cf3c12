//! Real programs on this kernel, real servers, real clients. Needs root; one test at a time,
//! because the programs are attached to the whole machine.

mod capture;
mod counts;
mod framing;
mod harmless;
mod hostile;
mod loss;
mod otlp;
mod privilege;
mod support;
