//! Digests in hexadecimal.

use data_encoding::HEXLOWER;
use md5::{Digest as _, Md5};
use ring::digest::{SHA256, digest};

pub(super) fn md5(text: &str) -> String {
    HEXLOWER.encode(&Md5::digest(text))
}

pub(super) fn sha256(text: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
}
