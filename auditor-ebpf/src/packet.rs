//! Headers of one packet, as far as they matter.

use core::ffi::c_void;

use auditor_common::{Counter, Direction, Tuple};
use aya_ebpf::{bindings::__sk_buff, helpers::generated::bpf_skb_load_bytes};

use crate::maps::count;

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const IPPROTO_TCP: u8 = 6;
const TCP_HEADER: u32 = 20;
const IPV4_HEADER: u32 = 20;
const IPV6_HEADER: u32 = 40;

pub const FIN: u8 = 1;
pub const RST: u8 = 4;
const SYN: u8 = 2;

/// A TCP segment, as far as its flow goes by it.
///
/// No padding: the verifier wants every byte set of what is handed to a global function.
#[repr(C)]
pub struct Segment {
    pub sequence: u32,
    /// Where the payload begins in the packet.
    pub payload: u32,
    /// Payload bytes.
    pub length: u32,
    pub flags: u8,
    direction: u8,
    reserved: u16,
}

/// IP header without options, then TCP header without options.
pub struct Headers {
    bytes: Bytes,
    /// Where the TCP header begins in `bytes`.
    tcp: usize,
    /// Where it begins in the packet.
    start: u32,
}

/// Aligned, so that it is made by a few stores and not byte by byte in a loop.
#[repr(C, align(8))]
struct Bytes([u8; 64]);

impl Segment {
    pub const EMPTY: Self = Self {
        sequence: 0,
        payload: 0,
        length: 0,
        flags: 0,
        direction: 0,
        reserved: 0,
    };

    /// Reads it from the packet; false for anything but TCP.
    ///
    /// A function of its own: the headers shall not weigh on the stack of what follows, nor the
    /// forms that they have on the states that the verifier follows.
    ///
    /// # Safety
    /// `skb` is the context of the running program.
    #[inline(never)]
    pub unsafe fn read(&mut self, skb: *mut __sk_buff, direction: Direction) -> bool {
        unsafe {
            let Some(headers) = Headers::read(skb) else {
                return false;
            };
            let (sequence, offset, flags) = headers.tcp();
            // A SYN takes one number before the data.
            self.sequence = sequence.wrapping_add((flags & SYN != 0) as u32);
            self.payload = headers.start + ((offset >> 4) as u32) * 4;
            // The length field of the header overflows on large segments; the packet's does not.
            self.length = (*skb).len.saturating_sub(self.payload);
            self.flags = flags;
            self.direction = direction as u8;
            true
        }
    }

    #[inline(always)]
    pub fn direction(&self) -> Direction {
        if self.direction == Direction::Ingress as u8 {
            Direction::Ingress
        } else {
            Direction::Egress
        }
    }
}

impl Headers {
    /// Reads the headers; `None` for anything but TCP.
    ///
    /// # Safety
    /// `skb` is the context of the running program.
    #[inline(always)]
    pub unsafe fn read(skb: *mut __sk_buff) -> Option<Self> {
        unsafe {
            let mut headers = Bytes([0; 64]);
            let bytes = &mut headers.0;
            // 40 bytes are an IPv4 and a TCP header, or an IPv6 header.
            if !load(skb, 0, bytes.as_mut_ptr(), 40) {
                return None;
            }
            let (tcp, start) = if bytes[0] >> 4 == 4 {
                if bytes[9] != IPPROTO_TCP {
                    return None;
                }
                let start = ((bytes[0] & 15) as u32) * 4;
                if start != IPV4_HEADER && !load(skb, start, bytes.as_mut_ptr().add(20), TCP_HEADER)
                {
                    count(Counter::PacketUnparsed, 1);
                    return None;
                }
                (20, start)
            } else {
                let mut start = IPV6_HEADER;
                if bytes[6] != IPPROTO_TCP {
                    if !is_extension(bytes[6]) {
                        return None;
                    }
                    // Segments over 64 KiB carry their length in a hop-by-hop header.
                    let mut extension = [0u8; 2];
                    let read = load(skb, start, extension.as_mut_ptr(), 2);
                    let is_tcp = extension[0] == IPPROTO_TCP;
                    if !read || !is_tcp || !has_plain_length(bytes[6]) {
                        // What may be TCP behind more of them is a gap; multicast reports are not.
                        if !read || is_tcp || is_extension(extension[0]) {
                            count(Counter::PacketUnparsed, 1);
                        }
                        return None;
                    }
                    start += (extension[1] as u32 + 1) * 8;
                }
                if !load(skb, start, bytes.as_mut_ptr().add(40), TCP_HEADER) {
                    count(Counter::PacketUnparsed, 1);
                    return None;
                }
                (40, start)
            };
            Some(Self {
                bytes: headers,
                tcp,
                start,
            })
        }
    }

    /// Sequence number, the byte that holds the length of the header, and flags.
    ///
    /// The two cases are written out here and below because an index that is not constant would
    /// cost the verifier's knowledge of the stack.
    #[inline(always)]
    fn tcp(&self) -> (u32, u8, u8) {
        let b = &self.bytes.0;
        if self.tcp == 20 {
            (be32(b[24], b[25], b[26], b[27]), b[32], b[33])
        } else {
            (be32(b[44], b[45], b[46], b[47]), b[52], b[53])
        }
    }

    /// Sequence number of the next byte of the other direction.
    #[inline(always)]
    pub fn acknowledged(&self) -> u32 {
        let b = &self.bytes.0;
        if self.tcp == 20 {
            be32(b[28], b[29], b[30], b[31])
        } else {
            be32(b[48], b[49], b[50], b[51])
        }
    }

    /// Addresses, seen from the local socket.
    #[inline(always)]
    pub fn tuple(&self, direction: Direction) -> Tuple {
        let mut source = [0u8; 16];
        let mut destination = [0u8; 16];
        let b = &self.bytes.0;
        let (family, source_port, destination_port) = if self.tcp == 20 {
            source[..4].copy_from_slice(&b[12..16]);
            destination[..4].copy_from_slice(&b[16..20]);
            (AF_INET, be16(b[20], b[21]), be16(b[22], b[23]))
        } else {
            source.copy_from_slice(&b[8..24]);
            destination.copy_from_slice(&b[24..40]);
            (AF_INET6, be16(b[40], b[41]), be16(b[42], b[43]))
        };
        let ingress = matches!(direction, Direction::Ingress);
        Tuple {
            local_address: if ingress { destination } else { source },
            peer_address: if ingress { source } else { destination },
            local_port: if ingress {
                destination_port
            } else {
                source_port
            },
            peer_port: if ingress {
                source_port
            } else {
                destination_port
            },
            family,
            reserved: 0,
        }
    }
}

#[inline(always)]
unsafe fn load(skb: *mut __sk_buff, offset: u32, to: *mut u8, length: u32) -> bool {
    unsafe { bpf_skb_load_bytes(skb.cast::<c_void>(), offset, to.cast(), length) == 0 }
}

/// Hop-by-hop, routing, fragment, authentication, destination options.
#[inline(always)]
fn is_extension(next_header: u8) -> bool {
    matches!(next_header, 0 | 43 | 44 | 51 | 60)
}

/// Extension headers that say their length in units of eight bytes: not fragment and
/// authentication.
#[inline(always)]
fn has_plain_length(next_header: u8) -> bool {
    matches!(next_header, 0 | 43 | 60)
}

#[inline(always)]
fn be32(a: u8, b: u8, c: u8, d: u8) -> u32 {
    u32::from_be_bytes([a, b, c, d])
}

#[inline(always)]
fn be16(a: u8, b: u8) -> u16 {
    u16::from_be_bytes([a, b])
}
