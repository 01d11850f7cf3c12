use iced_x86::Register::{RCX, RDI, RDX, RSI};

use super::{Function, Place};

/// `SSL_read` of a Debian library without its error path: the check of the sign and that of the
/// stack are cheap places.
const WRAPPER: &[u8] = &[
    0x48, 0x83, 0xec, 0x18, // sub rsp, 24
    0x31, 0xc0, // xor eax, eax
    0x85, 0xd2, // test edx, edx
    0x78, 0x2d, // js 55
    0x48, 0x89, 0xe1, // mov rcx, rsp
    0x48, 0x63, 0xd2, // movsxd rdx, edx
    0xe8, 0x00, 0x10, 0x00, 0x00, // call inner
    0x85, 0xc0, // test eax, eax
    0x7e, 0x03, // jle 28
    0x8b, 0x04, 0x24, // mov eax, [rsp]
    0x48, 0x8b, 0x54, 0x24, 0x08, // 28: mov rdx, [rsp + 8]
    0x64, 0x48, 0x2b, 0x14, 0x25, 0x28, 0x00, 0x00, 0x00, // sub rdx, fs:[40]
    0x75, 0x12, // jne 62
    0x48, 0x83, 0xc4, 0x18, // add rsp, 24
    0x31, 0xd2, // xor edx, edx
    0x31, 0xf6, // xor esi, esi
    0xc3, // ret
    0x66, 0x90, // nop
    0xb8, 0xff, 0xff, 0xff, 0xff, // 55: mov eax, -1
    0xeb, 0xde, // jmp 28
    0xe8, 0x00, 0x10, 0x00, 0x00, // 62: call __stack_chk_fail
];

#[test]
fn cheap_places_are_found() {
    let function = Function::decode(WRAPPER);
    assert_eq!(function.entry(&[RDI, RSI, RDX]), Place { at: 8, depth: 3 });
    assert_eq!(function.returns(), Some(vec![Place { at: 42, depth: 3 }]));
}

#[test]
fn where_the_result_changes_only_the_return_will_do() {
    // sub rsp, 8; call inner; xor edx, edx; test eax, eax; cmovs eax, edx; add rsp, 8; ret
    let code = [
        0x48, 0x83, 0xec, 0x08, 0xe8, 0, 0x10, 0, 0, 0x31, 0xd2, 0x85, 0xc0, 0x0f, 0x48, 0xc2,
        0x48, 0x83, 0xc4, 0x08, 0xc3,
    ];
    let function = Function::decode(&code);
    let arguments = [RDI, RSI, RDX, RCX];
    assert_eq!(function.entry(&arguments), Place { at: 4, depth: 1 });
    assert_eq!(function.returns(), Some(vec![Place { at: 20, depth: 0 }]));
}

#[test]
fn an_overwritten_argument_leaves_the_entry() {
    // mov rdi, rax; push rbx; pop rbx; ret
    let function = Function::decode(&[0x48, 0x89, 0xc7, 0x53, 0x5b, 0xc3]);
    assert_eq!(function.entry(&[RDI]), Place { at: 0, depth: 0 });
    assert_eq!(function.entry(&[RSI]), Place { at: 3, depth: 0 });
}

#[test]
fn a_place_that_is_jumped_to_will_not_do() {
    // push rbx; jmp -3: the first instruction is passed again and again.
    let function = Function::decode(&[0x53, 0xeb, 0xfd, 0xc3]);
    assert_eq!(function.entry(&[RDI]), Place { at: 0, depth: 0 });
}

#[test]
fn who_leaves_by_a_jump_has_no_return() {
    // jmp rax
    assert_eq!(Function::decode(&[0xff, 0xe0]).returns(), None);
    // jmp +0x100; ret
    let far = [0xe9, 0, 1, 0, 0, 0xc3];
    assert_eq!(Function::decode(&far).returns(), None);
    // Nothing but a byte that is no instruction.
    assert_eq!(Function::decode(&[0x06]).returns(), None);
    assert_eq!(Function::decode(&[]).returns(), None);
}

#[test]
fn an_accessor_shows_where_a_member_is() {
    // mov eax, 32; lea rsi, [rdi + 0x160]; mov rdx, [rdi + 0x160]; ret
    let code = [
        0xb8, 32, 0, 0, 0, 0x48, 0x8d, 0xb7, 0x60, 1, 0, 0, 0x48, 0x8b, 0x97, 0x60, 1, 0, 0, 0xc3,
    ];
    assert_eq!(Function::decode(&code).member(RDI), Some(0x160));
    assert_eq!(Function::decode(&code).member(RSI), None);
    // mov eax, [rdi]; ret
    assert_eq!(Function::decode(&[0x8b, 0x07, 0xc3]).member(RDI), None);
}
