//! Any bytes on the disk: no panic, no endless loop, and the writer goes on.

use proptest::prelude::*;

use super::*;

fn survives(disk: &FaultyDisk) {
    let _ = check(disk, &[]);
    let (mut writer, recovery) = open(disk, options(), now(900));
    let next = recovery.next;
    let record = Source::default().record(&mut Chance::new(1));
    assert_eq!(writer.append(record), Ok(next));
    writer.close(now(901)).unwrap();
    let batch = read(disk, next, next + 1);
    assert_eq!(batch.records.len(), 1);
    let _ = read(disk, 0, next + 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_segments(files in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2000), 1..4)) {
        let disk = FaultyDisk::default();
        for (number, bytes) in files.iter().enumerate() {
            let name = catalogue::file_name(number as u64);
            let mut file = disk.create(&name).unwrap();
            disk::write_all(&mut file, bytes).unwrap();
        }
        survives(&disk);
    }

    #[test]
    fn real_segments_with_changed_bytes(seed: u64, changes in 1_u64..30) {
        let (disk, _) = closed(seed % 8, 150);
        let mut chance = Chance::new(seed);
        let names = disk.names().unwrap();
        for _ in 0..changes {
            let name = &names[chance.below(names.len() as u64) as usize];
            disk.edit(name, |bytes| {
                let at = chance.below(bytes.len() as u64) as usize;
                bytes[at] = chance.below(256) as u8;
            });
        }
        survives(&disk);
    }
}
