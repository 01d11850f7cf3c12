//! Where in a function of x86-64 a probe is cheap and sees what it needs.
//!
//! The kernel executes some instructions itself: a probe there costs one trap. Any other is
//! executed elsewhere in single step, a second trap.

use std::collections::HashSet;

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic,
    OpAccess, OpKind, Register,
};

/// Longest function that is looked at, bytes; those of interest are tiny wrappers.
pub(super) const MAX_FUNCTION: u64 = 64 * 1024;

/// A place for a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From the beginning of the function, bytes.
    pub(super) at: u64,
    /// From the stack pointer there to that at the entry, words of 8 bytes.
    pub(super) depth: u8,
}

/// The instructions of one function, address 0 being its first.
pub(super) struct Function {
    instructions: Vec<Instruction>,
    targets: HashSet<u64>,
    end: u64,
}

impl Function {
    pub(super) fn decode(code: &[u8]) -> Self {
        let instructions: Vec<_> = Decoder::with_ip(64, code, 0, DecoderOptions::NONE)
            .into_iter()
            .collect();
        let targets = instructions
            .iter()
            .filter(|i| is_direct_jump(i))
            .map(Instruction::near_branch_target)
            .collect();
        Self {
            instructions,
            targets,
            end: code.len() as u64,
        }
    }

    /// The first cheap place that every call passes once, with these arguments untouched; else the
    /// entry, which is one at any price.
    pub(super) fn entry(&self, arguments: &[Register]) -> Place {
        let mut depth = 0i64;
        for instruction in &self.instructions {
            // What jumps here has passed other instructions, or these twice.
            if self.targets.contains(&instruction.ip()) {
                break;
            }
            if is_emulated(instruction)
                && let Some(depth) = words(depth)
            {
                let at = instruction.ip();
                return Place { at, depth };
            }
            let Some(grown) = growth(instruction) else {
                break;
            };
            depth += grown;
            let goes_on = instruction.flow_control() == FlowControl::Next;
            if !goes_on || arguments.iter().any(|&r| writes(instruction, r)) {
                break;
            }
        }
        Place { at: 0, depth: 0 }
    }

    /// Where in the object that is given in `register` an accessor finds what it is for, bytes: the
    /// first place after its beginning that it uses.
    pub(super) fn member(&self, register: Register) -> Option<u16> {
        let of_object = |i: &&Instruction| {
            i.memory_base() == register
                && i.memory_index() == Register::None
                && i.memory_displacement64() != 0
        };
        let used = self.instructions.iter().find(of_object)?;
        u16::try_from(used.memory_displacement64()).ok()
    }

    /// Places of which every call that returns passes exactly one, when its result is there.
    /// `None` if the function may be left in another way than by returning.
    pub(super) fn returns(&self) -> Option<Vec<Place>> {
        let stays = |i: &Instruction| match i.flow_control() {
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
                i.near_branch_target() < self.end
            }
            FlowControl::IndirectBranch | FlowControl::Exception => false,
            _ => !i.is_invalid(),
        };
        if !self.instructions.iter().all(stays) {
            return None;
        }
        let returns = self.instructions.iter().enumerate();
        let returns = returns.filter(|(_, i)| i.flow_control() == FlowControl::Return);
        let places: Vec<_> = returns.map(|(n, _)| self.before_return(n)).collect();
        (!places.is_empty()).then_some(places)
    }

    /// The return instruction, or a cheap place from which everything runs into it.
    fn before_return(&self, position: usize) -> Place {
        let mut depth = 0i64;
        let mut reached = &self.instructions[position];
        for instruction in self.instructions[..position].iter().rev() {
            if self.targets.contains(&reached.ip()) {
                break;
            }
            if self.is_check(instruction)
                && let Some(depth) = words(depth)
            {
                let at = instruction.ip();
                return Place { at, depth };
            }
            let Some(grown) = growth(instruction) else {
                break;
            };
            depth -= grown;
            let goes_on = instruction.flow_control() == FlowControl::Next;
            if !goes_on || writes(instruction, Register::RAX) {
                break;
            }
            reached = instruction;
        }
        let at = self.instructions[position].ip();
        Place { at, depth: 0 }
    }

    /// A conditional jump to a call with which the function ends: the check of the stack, which
    /// does not return.
    fn is_check(&self, instruction: &Instruction) -> bool {
        let last = self.instructions.iter().rev();
        let mut last = last.skip_while(|i| i.mnemonic() == Mnemonic::Nop);
        instruction.flow_control() == FlowControl::ConditionalBranch
            && last.next().is_some_and(|call| {
                call.flow_control() == FlowControl::Call
                    && call.ip() == instruction.near_branch_target()
            })
    }
}

/// Words of 8 bytes in so many bytes.
fn words(bytes: i64) -> Option<u8> {
    (bytes % 8 == 0).then(|| u8::try_from(bytes / 8).ok())?
}

/// The kernel executes it by itself. Five-byte NOPs too, but newer kernels replace these by a
/// system call.
fn is_emulated(instruction: &Instruction) -> bool {
    match instruction.code() {
        Code::Push_r64 | Code::Call_rel32_64 => true,
        Code::Nopd => instruction.len() == 1,
        _ => {
            instruction.flow_control() == FlowControl::ConditionalBranch
                && is_direct_jump(instruction)
        }
    }
}

fn is_direct_jump(instruction: &Instruction) -> bool {
    instruction.is_jcc_short_or_near() || instruction.is_jmp_short_or_near()
}

/// How much further down the stack reaches after it; `None` if that cannot be told.
fn growth(instruction: &Instruction) -> Option<i64> {
    if !writes(instruction, Register::RSP) {
        return Some(0);
    }
    let immediate = matches!(
        instruction.op1_kind(),
        OpKind::Immediate8to64 | OpKind::Immediate32to64
    );
    match instruction.mnemonic() {
        Mnemonic::Sub if immediate => Some(instruction.immediate(1) as i64),
        Mnemonic::Add if immediate => Some(-(instruction.immediate(1) as i64)),
        Mnemonic::Push | Mnemonic::Pop if instruction.op0_register() != Register::RSP => {
            Some(-i64::from(instruction.stack_pointer_increment()))
        }
        _ => None,
    }
}

fn writes(instruction: &Instruction, register: Register) -> bool {
    let mut factory = InstructionInfoFactory::new();
    let used = factory.info(instruction).used_registers();
    used.iter().any(|used| {
        let write = matches!(
            used.access(),
            OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
        );
        write && used.register().full_register() == register
    })
}

#[cfg(test)]
mod tests;
