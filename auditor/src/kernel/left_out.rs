//! Telling the kernel programs which workloads to pass by.

use auditor_common::MAX_LEFT_OUT;
use aya::maps::{Array, HashMap, MapData};

/// Writes the map of control groups nothing of which is in scope.
pub struct LeftOutWriter {
    groups: HashMap<MapData, u64, u8>,
    version: Array<MapData, u32>,
    current: u32,
}

impl LeftOutWriter {
    /// So many control groups find room.
    pub const ROOM: usize = MAX_LEFT_OUT as usize;

    pub(super) fn new(groups: HashMap<MapData, u64, u8>, version: Array<MapData, u32>) -> Self {
        Self {
            groups,
            version,
            current: 0,
        }
    }

    /// Nothing of this control group is wanted; false if the map is full, which only costs copying.
    pub fn leave_out(&mut self, cgroup_id: u64) -> bool {
        self.groups.insert(cgroup_id, 1, 0).is_ok() && self.announce()
    }

    /// A control group is wanted again. One that is gone is no error.
    pub fn take_back(&mut self, cgroup_id: u64) {
        let _ = self.groups.remove(&cgroup_id);
        self.announce();
    }

    /// Has the programs look again at the next packet of every connection.
    fn announce(&mut self) -> bool {
        // 0 is the version of connections that were never looked up.
        self.current = self.current.wrapping_add(1).max(1);
        self.version.set(0, self.current, 0).is_ok()
    }
}
