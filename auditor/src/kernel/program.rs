//! A program as the kernel took it.

use aya::programs::Program;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoadedProgram {
    pub name: String,
    /// Instructions that the verifier went through, a million at most; the time to load is in
    /// proportion. Kernels before 5.16 do not say.
    pub verified_instructions: Option<u32>,
}

impl LoadedProgram {
    /// `None` of a program that was not loaded.
    pub(super) fn of(name: &str, program: &Program) -> Option<Self> {
        let info = program.info().ok()?;
        Some(Self {
            name: name.to_owned(),
            verified_instructions: info.verified_instruction_count(),
        })
    }
}
