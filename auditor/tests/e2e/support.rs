//! What the tests stand on: the auditor itself, clients, servers and receivers.

#[expect(dead_code, reason = "the tests of the source use the rest of it")]
#[path = "../kubernetes/api"]
pub(crate) mod api {
    mod answer;
    pub(crate) mod objects;
    mod selection;
    pub(crate) mod server;
    mod state;
}
pub(crate) mod auditor;
pub(crate) mod certificates;
pub(crate) mod client;
pub(crate) mod dialogue;
pub(crate) mod fickle;
pub(crate) mod group;
pub(crate) mod grpc;
pub(crate) mod kept;
pub(crate) mod kernel;
pub(crate) mod message;
pub(crate) mod namespace;
pub(crate) mod nghttpd;
pub(crate) mod nghttpx;
pub(crate) mod nginx;
pub(crate) mod node;
pub(crate) mod ports;
pub(crate) mod process;
pub(crate) mod receiver;
pub(crate) mod record;
pub(crate) mod script;
pub(crate) mod secure;
pub(crate) mod temp;
pub(crate) mod until;
