//! Protobuf on the wire: a message is a sequence of numbered fields.

/// Bytes that are not the message they were taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("a field ends before its value does")]
    Truncated,
    #[error("a varint is longer than 64 bits")]
    Varint,
    #[error("a field number is out of range")]
    Number,
    #[error("a wire type is not in use")]
    WireType,
    #[error("a field has the wire type of another")]
    Mismatch,
    #[error("a string is not UTF-8")]
    Utf8,
    #[error("a value occurs twice")]
    Twice,
    #[error("values are nested too deeply")]
    Depth,
}

/// The value of one field, not yet interpreted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    pub(super) fn varint(self) -> Result<u64, Malformed> {
        match self {
            Self::Varint(value) => Ok(value),
            _ => Err(Malformed::Mismatch),
        }
    }

    pub(super) fn fixed64(self) -> Result<u64, Malformed> {
        match self {
            Self::Fixed64(value) => Ok(value),
            _ => Err(Malformed::Mismatch),
        }
    }

    pub(super) fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Self::Bytes(value) => Ok(value),
            _ => Err(Malformed::Mismatch),
        }
    }

    pub(super) fn text(self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed::Utf8)
    }
}

/// The fields of a message in wire order. Ends at the first error.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn field(&mut self) -> Result<(u32, Field<'a>), Malformed> {
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).map_err(|_| Malformed::Number)?;
        if number == 0 || number >= 1 << 29 {
            return Err(Malformed::Number);
        }
        let value = match key & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed::Truncated)?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(Malformed::WireType),
        };
        Ok((number, value))
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for (index, byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if *byte < 0x80 {
                // The tenth byte has room for the 64th bit only.
                if index == 9 && *byte > 1 {
                    return Err(Malformed::Varint);
                }
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        Err(if self.rest.len() < 10 {
            Malformed::Truncated
        } else {
            Malformed::Varint
        })
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Field<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Result<(u32, Field<'_>), Malformed>> {
        Fields::of(bytes).collect()
    }

    #[test]
    fn reads_every_wire_type() {
        let bytes = [
            &[0x08, 0x96, 0x01][..],
            &[0x11, 1, 0, 0, 0, 0, 0, 0, 0],
            &[0x1a, 2, b'h', b'i'],
            &[0x25, 2, 0, 0, 0],
        ]
        .concat();
        assert_eq!(
            read(&bytes),
            [
                Ok((1, Field::Varint(150))),
                Ok((2, Field::Fixed64(1))),
                Ok((3, Field::Bytes(b"hi"))),
                Ok((4, Field::Fixed32(2))),
            ]
        );
    }

    #[test]
    fn reads_the_largest_varint_and_refuses_a_larger_one() {
        let mut bytes = vec![0x08];
        bytes.extend([0xff; 9]);
        bytes.push(0x01);
        assert_eq!(read(&bytes), [Ok((1, Field::Varint(u64::MAX)))]);
        bytes[10] = 0x02;
        assert_eq!(read(&bytes), [Err(Malformed::Varint)]);
        bytes[10] = 0x80;
        assert_eq!(read(&bytes), [Err(Malformed::Varint)]);
    }

    #[test]
    fn names_what_is_wrong_and_stops() {
        assert_eq!(read(&[0x1a, 5, b'h']), [Err(Malformed::Truncated)]);
        assert_eq!(read(&[0x0b, 0x08, 1]), [Err(Malformed::WireType)]);
        assert_eq!(read(&[0x00, 1]), [Err(Malformed::Number)]);
        assert_eq!(Field::Varint(1).text(), Err(Malformed::Mismatch));
        assert_eq!(Field::Bytes(&[0xff]).text(), Err(Malformed::Utf8));
    }
}
