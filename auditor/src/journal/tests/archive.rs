//! What a visitor sees of a journal.

use std::ops::ControlFlow;

use super::{bytes, closed, read};
use crate::journal::disk::Disk as _;
use crate::journal::stretches;

#[test]
fn a_visitor_sees_what_a_reader_sees() {
    let (disk, _) = closed(5, 400);
    let mut seen = Vec::new();
    for stretch in stretches(&disk).unwrap() {
        let missing = stretch.read(&disk, |stored| {
            assert_eq!(stored.sequence, seen.len() as u64);
            seen.push(bytes(&stored.sealed()));
            ControlFlow::Continue(())
        });
        assert_eq!(missing.unwrap(), 0);
    }
    let all: Vec<_> = read(&disk, 0, 400).records.iter().map(bytes).collect();
    assert_eq!(seen, all);
}

#[test]
fn segments_say_when_they_were_written() {
    let (disk, _) = closed(5, 400);
    let stretches = stretches(&disk).unwrap();
    assert!(stretches.len() > 3);
    for pair in stretches.windows(2) {
        assert_eq!(pair[0].closed_ns(), pair[1].opened_ns());
        assert!(pair[0].opened_ns() <= pair[0].closed_ns());
    }
    assert_eq!(stretches.last().unwrap().closed_ns(), None);
}

#[test]
fn what_is_not_there_is_counted() {
    let (disk, _) = closed(5, 400);
    let stretches = stretches(&disk).unwrap();
    let count = |index: usize| {
        let mut count = 0;
        let missing = stretches[index].read(&disk, |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        (count, missing.unwrap())
    };
    let (records, _) = count(1);
    disk.remove("00000000000000000001.segment").unwrap();
    assert_eq!(count(1), (0, records));
    let mut first = 0;
    let broken_off = stretches[0].read(&disk, |_| {
        first += 1;
        ControlFlow::Break(())
    });
    assert_eq!((first, broken_off.unwrap()), (1, 0));
}
