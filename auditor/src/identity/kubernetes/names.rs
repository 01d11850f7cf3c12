//! Names that many pods share, each kept once.

use std::collections::HashSet;
use std::sync::Arc;

/// Namespaces, nodes, owners and images of a large cluster.
const CAPACITY: usize = 32_768;

#[derive(Debug, Default)]
pub(super) struct Names {
    names: HashSet<Arc<str>>,
}

impl Names {
    pub(super) fn share(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        if self.names.len() >= CAPACITY {
            // What pods still use stays with them.
            self.names.clear();
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }
}
