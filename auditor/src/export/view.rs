//! An encoded record, read in place: borrowed values, no allocation, an error for bad bytes.

pub use super::wire::Malformed;
use super::wire::{Field, Fields};

#[cfg(test)]
mod tests;

/// Values nest through arrays and maps; a reader that recurses must not recurse without end.
const MAX_DEPTH: u8 = 8;

const RECORD_ATTRIBUTES: u32 = 6;
const RESOURCE_ATTRIBUTES: u32 = 1;
const MAP_ENTRIES: u32 = 1;
const ARRAY_VALUES: u32 = 1;

/// One `opentelemetry.proto.logs.v1.LogRecord`.
#[derive(Clone, Copy, Debug)]
pub struct RecordView<'a> {
    pub time_unix_nano: u64,
    pub observed_time_unix_nano: u64,
    pub severity_number: i32,
    pub severity_text: &'a str,
    pub event_name: &'a str,
    pub body: Value<'a>,
    pub trace_id: &'a [u8],
    pub span_id: &'a [u8],
    /// Read, and checked, only when iterated.
    pub attributes: Attributes<'a>,
}

impl<'a> RecordView<'a> {
    pub fn parse(record: &'a [u8]) -> Result<Self, Malformed> {
        let mut view = Self {
            time_unix_nano: 0,
            observed_time_unix_nano: 0,
            severity_number: 0,
            severity_text: "",
            event_name: "",
            body: Value::Empty,
            trace_id: &[],
            span_id: &[],
            attributes: Attributes {
                message: record,
                number: RECORD_ATTRIBUTES,
                depth: MAX_DEPTH,
            },
        };
        let mut has_body = false;
        for field in Fields::of(record) {
            let (number, field) = field?;
            match number {
                1 => view.time_unix_nano = field.fixed64()?,
                2 => view.severity_number = field.varint()? as i32,
                3 => view.severity_text = field.text()?,
                5 if has_body => return Err(Malformed::Twice),
                5 => {
                    view.body = Value::parse(field.bytes()?, MAX_DEPTH)?;
                    has_body = true;
                }
                9 => view.trace_id = field.bytes()?,
                10 => view.span_id = field.bytes()?,
                11 => view.observed_time_unix_nano = field.fixed64()?,
                12 => view.event_name = field.text()?,
                _ => {}
            }
        }
        Ok(view)
    }
}

/// Keys and values: of a record, of a resource, or of a map within.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    message: &'a [u8],
    number: u32,
    depth: u8,
}

impl<'a> Attributes<'a> {
    /// The attributes of an encoded `opentelemetry.proto.resource.v1.Resource`.
    pub fn of_resource(resource: &'a [u8]) -> Self {
        Self {
            message: resource,
            number: RESOURCE_ATTRIBUTES,
            depth: MAX_DEPTH,
        }
    }
}

impl<'a> IntoIterator for Attributes<'a> {
    type Item = Result<(&'a str, Value<'a>), Malformed>;
    type IntoIter = AttributeIter<'a>;

    fn into_iter(self) -> AttributeIter<'a> {
        AttributeIter {
            fields: Fields::of(self.message),
            number: self.number,
            depth: self.depth,
        }
    }
}

#[derive(Debug)]
pub struct AttributeIter<'a> {
    fields: Fields<'a>,
    number: u32,
    depth: u8,
}

impl<'a> Iterator for AttributeIter<'a> {
    type Item = Result<(&'a str, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let field = next_numbered(&mut self.fields, self.number)?;
        Some(field.and_then(|field| attribute(field, self.depth)))
    }
}

fn attribute(field: Field<'_>, depth: u8) -> Result<(&str, Value<'_>), Malformed> {
    let mut key = "";
    let mut value = None;
    for field in Fields::of(field.bytes()?) {
        match field? {
            (1, field) => key = field.text()?,
            (2, _) if value.is_some() => return Err(Malformed::Twice),
            (2, field) => value = Some(Value::parse(field.bytes()?, depth)?),
            _ => {}
        }
    }
    Ok((key, value.unwrap_or(Value::Empty)))
}

/// The values of an array, in order.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    message: &'a [u8],
    depth: u8,
}

impl<'a> IntoIterator for Values<'a> {
    type Item = Result<Value<'a>, Malformed>;
    type IntoIter = ValueIter<'a>;

    fn into_iter(self) -> ValueIter<'a> {
        ValueIter {
            fields: Fields::of(self.message),
            depth: self.depth,
        }
    }
}

#[derive(Debug)]
pub struct ValueIter<'a> {
    fields: Fields<'a>,
    depth: u8,
}

impl<'a> Iterator for ValueIter<'a> {
    type Item = Result<Value<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let field = next_numbered(&mut self.fields, ARRAY_VALUES)?;
        Some(field.and_then(|field| Value::parse(field.bytes()?, self.depth)))
    }
}

fn next_numbered<'a>(fields: &mut Fields<'a>, wanted: u32) -> Option<Result<Field<'a>, Malformed>> {
    loop {
        match fields.next()? {
            Ok((number, field)) if number == wanted => return Some(Ok(field)),
            Ok(_) => {}
            Err(malformed) => return Some(Err(malformed)),
        }
    }
}

/// One `opentelemetry.proto.common.v1.AnyValue`.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Empty,
    Text(&'a str),
    Bool(bool),
    Int(i64),
    Double(f64),
    Array(Values<'a>),
    Map(Attributes<'a>),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    fn parse(message: &'a [u8], depth: u8) -> Result<Self, Malformed> {
        let inner = depth.checked_sub(1).ok_or(Malformed::Depth)?;
        let mut found = None;
        for field in Fields::of(message) {
            let (number, field) = field?;
            let value = match number {
                1 => Self::Text(field.text()?),
                2 => Self::Bool(field.varint()? != 0),
                3 => Self::Int(field.varint()? as i64),
                4 => Self::Double(f64::from_bits(field.fixed64()?)),
                5 => Self::Array(Values {
                    message: field.bytes()?,
                    depth: inner,
                }),
                6 => Self::Map(Attributes {
                    message: field.bytes()?,
                    number: MAP_ENTRIES,
                    depth: inner,
                }),
                7 => Self::Bytes(field.bytes()?),
                _ => continue,
            };
            if found.replace(value).is_some() {
                return Err(Malformed::Twice);
            }
        }
        Ok(found.unwrap_or(Self::Empty))
    }

    /// The value whose `KeyValue` has this behind its key. `None` if anything else is there.
    pub fn after_key(behind: &'a [u8]) -> Option<Self> {
        match Fields::of(behind).next()? {
            Ok((2, field)) => Self::parse(field.bytes().ok()?, MAX_DEPTH).ok(),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&'a str> {
        if let Self::Text(text) = *self {
            Some(text)
        } else {
            None
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(int) = *self {
            Some(int)
        } else {
            None
        }
    }
}
