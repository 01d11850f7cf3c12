//! `--output otlp-json`: one `ExportLogsServiceRequest` a line.

use crate::export::otlp::{encode_request, request_json};
use crate::redact::Sealed;

/// Appends one line for the batch. On an error the caller drops what was appended.
pub(super) fn write_line(out: &mut Vec<u8>, batch: &[Sealed]) -> Result<(), serde_json::Error> {
    out.extend_from_slice(&request_json(&encode_request(batch))?);
    out.push(b'\n');
    Ok(())
}
