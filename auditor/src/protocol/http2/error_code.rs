//! Why a stream was given up (RFC 9113, section 7).

const NAMES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// Name of an error code; a code without one counts as INTERNAL_ERROR, as the standard says.
pub fn error_name(code: u32) -> &'static str {
    NAMES.get(code as usize).copied().unwrap_or(NAMES[2])
}
