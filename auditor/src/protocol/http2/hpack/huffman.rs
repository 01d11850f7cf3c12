//! The Huffman code of header strings (RFC 7541, section 5.2 and appendix B).

use super::BlockError;

/// End of string: never sent as such, but its first bits fill up the last byte.
const END: usize = 256;
const INNER_NODES: usize = 256;
/// Longest filling, in bits.
const MAX_FILLING: usize = 7;
/// In a tree: this child is a leaf, the rest of the number is its symbol.
const LEAF: u16 = 1 << 15;

/// Bits of the code of each byte and of the end. The code is canonical: shorter before longer,
/// then by value, so the lengths say all.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// What four bits do in a state, which is a node of the tree.
#[derive(Clone, Copy)]
struct Step {
    state: u8,
    /// The shortest code has five bits, so four of them end at most one.
    symbol: Option<u8>,
    /// They complete the code of the end.
    invalid: bool,
}

static STEPS: [[Step; 16]; INNER_NODES] = steps(&tree());
static MAY_END: [bool; INNER_NODES] = may_end(&tree());

/// Appends the string that `coded` stands for.
pub(super) fn decode(coded: &[u8], out: &mut Vec<u8>) -> Result<(), BlockError> {
    let mut state = 0;
    for byte in coded {
        for bits in [byte >> 4, byte & 15] {
            let step = STEPS[state][usize::from(bits)];
            if step.invalid {
                return Err(BlockError::Huffman);
            }
            out.extend(step.symbol);
            state = usize::from(step.state);
        }
    }
    if MAY_END[state] {
        Ok(())
    } else {
        Err(BlockError::Huffman)
    }
}

/// Children of every inner node; the root is the first.
const fn tree() -> [[u16; 2]; INNER_NODES] {
    let mut tree = [[0; 2]; INNER_NODES];
    let mut nodes = 1;
    let (mut code, mut length) = (0_u32, 5);
    while length <= 30 {
        let mut symbol = 0;
        while symbol <= END {
            if LENGTHS[symbol] == length {
                let mut node = 0;
                let mut left = length - 1;
                while left > 0 {
                    let bit = (code >> left & 1) as usize;
                    if tree[node][bit] == 0 {
                        tree[node][bit] = nodes;
                        nodes += 1;
                    }
                    node = tree[node][bit] as usize;
                    left -= 1;
                }
                tree[node][(code & 1) as usize] = LEAF | symbol as u16;
                code += 1;
            }
            symbol += 1;
        }
        code <<= 1;
        length += 1;
    }
    tree
}

const fn steps(tree: &[[u16; 2]; INNER_NODES]) -> [[Step; 16]; INNER_NODES] {
    let nowhere = Step {
        state: 0,
        symbol: None,
        invalid: false,
    };
    let mut steps = [[nowhere; 16]; INNER_NODES];
    let mut from = 0;
    while from < INNER_NODES {
        let mut bits = 0;
        while bits < 16 {
            let mut step = nowhere;
            let mut node = from;
            let mut left = 4;
            while left > 0 {
                left -= 1;
                let child = tree[node][bits >> left & 1];
                node = child as usize;
                if child & LEAF != 0 {
                    let symbol = (child & !LEAF) as usize;
                    step.invalid = step.invalid || symbol == END;
                    step.symbol = Some(symbol as u8);
                    node = 0;
                }
            }
            step.state = node as u8;
            steps[from][bits] = step;
            bits += 1;
        }
        from += 1;
    }
    steps
}

/// The nodes that a string may end in: so many ones and nothing else since the last symbol.
const fn may_end(tree: &[[u16; 2]; INNER_NODES]) -> [bool; INNER_NODES] {
    let mut may_end = [false; INNER_NODES];
    let (mut node, mut bits) = (0, 0);
    while bits <= MAX_FILLING {
        may_end[node] = true;
        node = tree[node][1] as usize;
        bits += 1;
    }
    may_end
}
