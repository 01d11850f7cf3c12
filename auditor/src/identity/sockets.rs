//! Listening sockets, as `/proc/net/tcp` and `/proc/net/tcp6` list them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// State `TCP_LISTEN`.
const LISTEN: &str = "0A";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListeningSocket {
    /// An IPv4 address is never in its IPv6-mapped form.
    pub(super) address: IpAddr,
    pub(super) port: u16,
    pub(super) uid: u32,
    pub(super) inode: u64,
}

pub(super) fn listening(table: &str) -> impl Iterator<Item = ListeningSocket> {
    table.lines().filter_map(socket)
}

fn socket(line: &str) -> Option<ListeningSocket> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let local = fields.next()?;
    if fields.nth(1)? != LISTEN {
        return None;
    }
    // Queues, timer and retransmits stand between the state and the owner.
    let uid = fields.nth(3)?.parse().ok()?;
    let inode = fields.nth(1)?.parse().ok()?;
    let (address, port) = local.split_once(':')?;
    Some(ListeningSocket {
        address: parse_address(address)?.to_canonical(),
        port: u16::from_str_radix(port, 16).ok()?,
        uid,
        inode,
    })
}

/// The kernel prints the address as 32-bit words in its own byte order.
fn parse_address(text: &str) -> Option<IpAddr> {
    let word = |at: usize| -> Option<[u8; 4]> {
        let digits = text.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    match text.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut bytes = [0; 16];
            for (at, chunk) in bytes.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(at)?);
            }
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::{ListeningSocket, listening};

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1456 1 00000000d96d3855 100 0 0 10 0
   1: 0100007F:B7CB 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 15410 1 0000000019470bab 100 0 0 10 0
   2: 0100007F:B7CB 0100007F:C000 01 00000000:00000000 00:00000000 00000000    33        0 15411 1 0000000019470bac 100 0 0 10 0
   0: 0000000000000000FFFF00000100007F:C9F9 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 15413 1 0000000030fcafdb 100 0 0 10 0
   1: 00000000000000000000000000000000:A97F 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 15414 1 0000000014524e8e 100 0 0 10 0
   2: 00000000000000000000000001000000:C7EB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 15415 1 00000000de7528d8 100 0 0 10 0
";

    #[test]
    fn only_listeners_are_listed() {
        let expected = [
            ("0.0.0.0", 2024, 0, 1456),
            ("127.0.0.1", 47051, 33, 15410),
            ("127.0.0.1", 51705, 0, 15413),
            ("::", 43391, 0, 15414),
            ("::1", 51179, 0, 15415),
        ]
        .map(|(address, port, uid, inode)| ListeningSocket {
            address: address.parse().unwrap(),
            port,
            uid,
            inode,
        });
        assert!(listening(TABLE).eq(expected));
    }

    #[test]
    fn odd_lines_are_passed_over() {
        for line in [
            "",
            "0:",
            "0: xyz 0:0 0A",
            "0: 0100007F:1 00000000:0 0A a b c x 0 1",
        ] {
            assert_eq!(listening(line).count(), 0, "{line}");
        }
    }
}
