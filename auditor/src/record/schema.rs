//! The page `docs/record-schema.md`, from the code.

use std::fmt::Write as _;

use super::{
    CLAIM_PREFIX, EventName, HEADER_REQUEST_PREFIX, HEADER_RESPONSE_PREFIX, attributes::ATTRIBUTES,
};
use crate::protocol::Reason;

/// The schema as Markdown.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Record schema\n\n\
         Written by `cargo xtask schema`; `cargo xtask schema --check` fails if it is out of date.\n\n\
         One record is one OpenTelemetry `LogRecord`; the resource names the audited workload. A\n\
         fact that is not known is absent, and where its absence needs a reason the record says it.\n\n\
         ## Events\n\n| event | when |\n|---|---|\n",
    );
    for event in EventName::ALL {
        let _ = writeln!(page, "| `{}` | {} |", event.as_str(), event.meaning());
    }
    page.push_str("\n## Attributes\n\n| attribute | type | meaning |\n|---|---|---|\n");
    for attribute in ATTRIBUTES {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} |",
            attribute.name, attribute.kind, attribute.meaning
        );
    }
    let _ = writeln!(
        page,
        "| `{HEADER_REQUEST_PREFIX}<key>`, `{HEADER_RESPONSE_PREFIX}<key>` | string[] | Values of \
         an allow-listed header. Credentials and cookies can not be listed. |"
    );
    let _ = writeln!(
        page,
        "| `{CLAIM_PREFIX}<name>` | string or string[] | A claim that `identity.principal.claims` \
         asks for; numbers and booleans as text, of a list the first 64 texts. |"
    );
    page.push_str(
        "\n## What `auditor.capture.incomplete` may say\n\n| reason | meaning |\n|---|---|\n",
    );
    for reason in Reason::ALL {
        let _ = writeln!(page, "| `{}` | {} |", reason.as_str(), reason.meaning());
    }
    page
}
