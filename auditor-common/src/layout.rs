//! The layout both sides rely on, proven when either side is compiled.

use core::mem::{align_of, offset_of, size_of};

use crate::{Close, Counter, Data, Directive, Early, Header, Open, Owner, Plaintext, Site, Tuple};

const _: () = {
    assert!(size_of::<Header>() == 24);
    assert!(size_of::<Tuple>() == 40);
    assert!(size_of::<Owner>() == 40);
    assert!(size_of::<Open>() == 24 + 40 + 40 + 16);
    assert!(size_of::<Data>() == 24 + 32);
    assert!(size_of::<Early>() == 24 + 40 + 8);
    assert!(size_of::<Close>() == 24 + 40 + 40 + 8 + 48 + 8 + 8 + 8);
    assert!(size_of::<Directive>() == 48);
    assert!(size_of::<Plaintext>() == 24 + 40 + 16 + 32);
    assert!(size_of::<Site>() == size_of::<u64>());
    assert!(offset_of!(Data, sequence) == 40);
    assert!(align_of::<Close>() == 8);
    assert!(Counter::PlaintextLost as usize + 1 == Counter::COUNT);
};
