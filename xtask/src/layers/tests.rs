use std::path::Path;

use super::{check, edge, module};

fn targets(text: &str) -> Vec<String> {
    edge::targets(&edge::code(text)).into_iter().collect()
}

#[test]
fn edges_are_found_in_imports_groups_and_inline_paths() {
    assert_eq!(targets("use crate::record::Record;"), ["record"]);
    assert_eq!(
        targets(
            "use crate::{\n    decode::{Event, Kind},\n    record,\n    clock::Clock as C,\n};"
        ),
        ["clock", "decode", "record"]
    );
    assert_eq!(
        targets("let x = crate::session::expiry::of(1);"),
        ["session"]
    );
    assert_eq!(targets("fn main() { auditor::app::run() }"), ["app"]);
}

#[test]
fn comments_and_tests_and_longer_names_are_no_edges() {
    assert_eq!(
        targets("/// See [`crate::journal`].\nfn f() {} // crate::export"),
        [""; 0]
    );
    assert_eq!(
        targets("#[cfg(test)]\nmod tests {\n    use crate::journal;\n}"),
        [""; 0]
    );
    assert_eq!(targets("use my_crate::journal;"), [""; 0]);
}

#[test]
fn a_crate_is_named_only_by_its_own_name() {
    assert!(edge::names("use aya::Ebpf;", "aya::"));
    assert!(edge::names("let x = ::aya::Ebpf::load(b);", "aya::"));
    assert!(edge::names("use aya;", "aya::"));
    assert!(!edge::names("use my_aya::Ebpf;", "aya::"));
    assert!(!edge::names("use crate::aya::Ebpf;", "aya::"));
    assert!(!edge::names("eprintln!(\"x\");", "println!"));
}

#[test]
fn a_file_belongs_to_its_top_level_module() {
    assert_eq!(module(Path::new("session.rs")), "session");
    assert_eq!(module(Path::new("session/expiry/wheel.rs")), "session");
}

#[test]
fn a_new_arrow_is_a_problem_and_a_meant_one_is_not() {
    let meant = "use crate::decode::Event;\nuse crate::telemetry::Counter;";
    assert_eq!(check(Path::new("session/table.rs"), meant), [""; 0]);
    assert_eq!(
        check(Path::new("export.rs"), "use crate::record::Record;"),
        ["export.rs: export -> record"]
    );
    assert_eq!(
        check(
            Path::new("protocol/http1.rs"),
            "use crate::clock::Clock;\nuse tokio::time;"
        ),
        [
            "protocol/http1.rs: protocol -> clock",
            "protocol/http1.rs: protocol may not name tokio::"
        ]
    );
    assert_eq!(
        check(Path::new("odd.rs"), ""),
        ["odd.rs: module odd has no row in the table"]
    );
}
