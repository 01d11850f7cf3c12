//! Names of attributes: the only place where they are written.

/// One attribute of the schema.
#[derive(Clone, Copy, Debug)]
pub struct AttributeDoc {
    pub name: &'static str,
    pub kind: &'static str,
    pub meaning: &'static str,
}

/// Followed by the name of a request header, in lower case.
pub const HEADER_REQUEST_PREFIX: &str = "http.request.header.";
/// Followed by the name of a response header, in lower case.
pub const HEADER_RESPONSE_PREFIX: &str = "http.response.header.";
/// Followed by the name of a claim that the configuration asks for.
pub const CLAIM_PREFIX: &str = "auditor.principal.claim.";

macro_rules! attributes {
    ($($name:ident = $text:literal, $kind:literal, $meaning:literal;)*) => {
        /// Names as they stand in a record.
        pub mod attribute {
            $(#[doc = $meaning] pub const $name: &str = $text;)*
        }

        /// Every attribute of a record with its type and meaning.
        pub(super) const ATTRIBUTES: &[AttributeDoc] = &[
            $(AttributeDoc { name: $text, kind: $kind, meaning: $meaning },)*
        ];
    };
}

attributes! {
    HTTP_REQUEST_METHOD = "http.request.method", "string", "Method; `_OTHER` for one that RFC 9110 and RFC 5789 do not know.";
    HTTP_REQUEST_METHOD_ORIGINAL = "http.request.method_original", "string", "The method as sent, where `http.request.method` is `_OTHER`.";
    URL_PATH = "url.path", "string", "Path of the request target, as sent; segments that hold a secret or a person replaced by what they are (`{email}`, `{card}`, `{token}`; `{uuid}` and `{number}` where configured).";
    URL_QUERY = "url.query", "string", "Query of the request target: keys as sent, values `REDACTED` unless `redaction.query.keep` lists their key.";
    URL_SCHEME = "url.scheme", "string", "`http`, over TLS `https`; in HTTP/2 the scheme that the request says.";
    SERVER_ADDRESS = "server.address", "string", "Host that the request names (absolute target or `:authority`, else `Host`); of a connection the server that a TLS client asked for.";
    SERVER_PORT = "server.port", "int", "Port that the request names; absent if it names none.";
    USER_AGENT_ORIGINAL = "user_agent.original", "string", "`User-Agent` of the request.";
    HTTP_REQUEST_BODY_SIZE = "http.request.body.size", "int, bytes", "Body bytes of the request, without chunk framing or padding; after an upgrade the bytes of the tunnel.";
    HTTP_RESPONSE_BODY_SIZE = "http.response.body.size", "int, bytes", "Body bytes of the response, likewise.";
    HTTP_RESPONSE_STATUS_CODE = "http.response.status_code", "int", "Status of the final response.";
    ERROR_TYPE = "error.type", "string", "Why the interaction failed: a status from 500, or one of `invalid_request`, `invalid_response`, `no_response`, `connection_reset`, `connect_failed`, `connection_abandoned`; of a TLS handshake that failed the name of the alert that ended it (`unknown_ca`), `tls_alert_encrypted` for one that cannot be read, `not_tls` or `tls_handshake_unfinished`; the error code of a stream that was given up, by its name in RFC 9113 (`CANCEL`); the name of a gRPC status that is a failure of the end that is audited.";
    NETWORK_PEER_ADDRESS = "network.peer.address", "string", "Address of the other end of the connection.";
    NETWORK_PEER_PORT = "network.peer.port", "int", "Port of the other end.";
    NETWORK_LOCAL_ADDRESS = "network.local.address", "string", "Address of the audited end.";
    NETWORK_LOCAL_PORT = "network.local.port", "int", "Port of the audited end.";
    NETWORK_TRANSPORT = "network.transport", "string", "`tcp`.";
    NETWORK_TYPE = "network.type", "string", "`ipv4` or `ipv6`; an IPv4 peer of an IPv6 socket is `ipv4`.";
    NETWORK_PROTOCOL_NAME = "network.protocol.name", "string", "`http`.";
    NETWORK_PROTOCOL_VERSION = "network.protocol.version", "string", "`0.9`, `1.0`, `1.1` or `2`, as the request says.";
    RPC_SYSTEM_NAME = "rpc.system.name", "string", "`grpc`, where the content type says so.";
    RPC_METHOD = "rpc.method", "string", "`package.Service/Method`, from the path, replaced likewise.";
    RPC_STATUS_CODE = "rpc.status_code", "string", "Name of the gRPC status, such as `OK` or `DEADLINE_EXCEEDED`; its number if it has no name.";
    RPC_REQUEST_MESSAGES = "auditor.rpc.request.messages", "int", "gRPC messages in the request; absent if not all of their beginnings were copied.";
    RPC_RESPONSE_MESSAGES = "auditor.rpc.response.messages", "int", "gRPC messages in the response, likewise.";
    CLIENT_ADDRESS = "client.address", "string", "Client that forwarding headers claim; the real peer is `network.peer.address`.";
    CLIENT_ADDRESS_TRUSTED = "auditor.client.address.trusted", "bool", "A trusted proxy (`identity.trusted_proxies`) told `client.address`, and only trusted proxies stand between it and the connection. Present with `client.address`.";
    USER_ID = "user.id", "string", "Principal that the request presents: `sub` of a token, URI or subject of a forwarded certificate. With `redaction.users: hashed` its hash, `hmac-sha256:KEY:HASH`.";
    USER_NAME = "user.name", "string", "Name of the principal: `preferred_username` of a token, user of Basic authentication, value of an identity header; hashed likewise.";
    PRINCIPAL_SOURCE = "auditor.principal.source", "string", "Where the principal was found, the strongest first: `jwt`, `basic`, `forwarded_client_cert`, `header`.";
    PRINCIPAL_OTHER_SOURCES = "auditor.principal.other_sources", "string[]", "Weaker sources that name somebody too.";
    PRINCIPAL_VERIFIED = "auditor.principal.verified", "bool", "`false`: it was presented, and not checked here. Present with `auditor.principal.source`.";
    PRINCIPAL_ISSUER = "auditor.principal.issuer", "string", "`iss` of the token.";
    PRINCIPAL_AUTHORIZED_PARTY = "auditor.principal.authorized_party", "string", "`azp` of the token.";
    PRINCIPAL_CLIENT_ID = "auditor.principal.client_id", "string", "`client_id` of the token.";
    PRINCIPAL_REASON = "auditor.principal.reason", "string", "Why there is no principal, or why a stronger source names none: `none_presented`, `cookie_only`, `token_opaque`, `token_malformed`, `token_too_large`, `ambiguous` (the credential or a claim stands there twice), `basic_malformed`, `password_missing` (the name is likely to be the credential), `scheme_not_read`, `certificate_malformed`, `holds_credential` (the credential stands where a name belongs), `subject_missing`, `head_truncated`.";
    TRAFFIC_CLASS = "auditor.traffic.class", "string", "`health_probe` or `scrape`, by the words of the request: a claim.";
    AGGREGATE_COUNT = "auditor.aggregate.count", "int", "Exchanges that the record stands for. They are alike in all that it says; the record's time is the beginning of the first, sizes are sums.";
    AGGREGATE_LAST_TIME = "auditor.aggregate.last_time_unix_nano", "int, nanoseconds", "Beginning of the last of them.";
    AGGREGATE_MAX_DURATION_NS = "auditor.aggregate.max_duration_ns", "int, nanoseconds", "Duration of the longest of them.";
    DURATION_NS = "auditor.duration_ns", "int, nanoseconds", "From the first byte of the interaction to its last.";
    TIME_TO_FIRST_BYTE_NS = "auditor.time_to_first_byte_ns", "int, nanoseconds", "From the first byte of the request to the first of the final response.";
    BYTES_RECEIVED = "auditor.bytes.received", "int, bytes", "Bytes that the audited end received for this interaction, heads and framing included.";
    BYTES_SENT = "auditor.bytes.sent", "int, bytes", "Bytes that the audited end sent, likewise.";
    RECORD_ID = "auditor.record.id", "string", "Stable identifier of the record: the same interaction has the same one when it is delivered twice.";
    RECORD_PHASE = "auditor.record.phase", "string", "`start`, `periodic` or `end`: long interactions are told while they last.";
    DIRECTION = "auditor.direction", "string", "`inbound` if the audited end was asked, `outbound` if it asked.";
    CONNECTION_ID = "auditor.connection.id", "string", "Identifier of the connection, equal in all its records.";
    STREAM_ID = "auditor.stream.id", "int", "HTTP/2 stream of the exchange.";
    STREAM_PUSHED = "auditor.stream.pushed", "bool", "The server made the request itself (PUSH_PROMISE): the client sent none.";
    STREAM_RESET = "auditor.stream.reset", "string", "The stream was given up (RST_STREAM): `received` or `sent` by the audited end.";
    PEER_KIND = "auditor.peer.kind", "string", "What the other end is. A socket of this node, by the connection itself: `pod`, `container` (in no pod) or `host_process`; absent where it may be any. Else whoever held its address: `pod`, `service`, `node` or `external`.";
    PEER_SERVICE_NAME = "auditor.peer.service.name", "string", "`service.name` of the other end, or the name of the Kubernetes service whose address was called.";
    PEER_NAMESPACE_NAME = "auditor.peer.k8s.namespace.name", "string", "Namespace of the other end.";
    PEER_POD_NAME = "auditor.peer.k8s.pod.name", "string", "Pod of the other end.";
    PEER_POD_UID = "auditor.peer.k8s.pod.uid", "string", "Its uid.";
    PEER_NODE_NAME = "auditor.peer.k8s.node.name", "string", "Node of the other end, where that is another one, or is the other end.";
    PEER_WORKLOAD_KIND = "auditor.peer.workload.kind", "string", "Kind of the outermost owner of that pod, `Pod` where it has none; absent while it is not known.";
    PEER_WORKLOAD_NAME = "auditor.peer.workload.name", "string", "Its name.";
    PEER_CANDIDATES = "auditor.peer.candidates", "string[]", "Where several may have held the address: each as `kind:namespace/name`.";
    PEER_REASON = "auditor.peer.reason", "string", "Why something about the other end is absent.";
    PROCESS_PID = "process.pid", "int", "Process that connected or listens.";
    PROCESS_EXECUTABLE_NAME = "process.executable.name", "string", "Its executable.";
    PROCESS_USER_ID = "process.user.id", "int", "Its user.";
    CAPTURE_METHOD = "auditor.capture.method", "string", "How it was seen: `cgroup_skb`, or by probes in the TLS library that had it in the clear, `uprobe`.";
    CAPTURE_LIBRARY = "auditor.capture.library", "string", "File name of that library.";
    PLAINTEXT_STATUS = "auditor.plaintext.status", "string", "`not_encrypted`; `captured`: it was encrypted on the wire and seen in the clear, of a connection its exchanges were; of a TLS connection `disabled`: nobody asked to see what is said on it; `unsupported`: it could not be seen.";
    PLAINTEXT_REASON = "auditor.plaintext.reason", "string", "Why it is `unsupported`: `no_plaintext_tier` (asked for, and this node does not have what it takes; the log says what), `no_probed_library` had it in the clear on this connection.";
    TLS_ESTABLISHED = "tls.established", "bool", "The handshake came to its end, as seen from outside: up to TLS 1.2 both ends changed to the new cipher, in TLS 1.3 the client finished. A server that then rejects a client's certificate in TLS 1.3 says so under encryption. Absent if that was not seen, or the client sent data early.";
    TLS_PROTOCOL_NAME = "tls.protocol.name", "string", "`tls` or `ssl`.";
    TLS_PROTOCOL_VERSION = "tls.protocol.version", "string", "Version that the server chose: `1.3`; as on the wire (`0x7f1c`) if it has no number.";
    TLS_CIPHER = "tls.cipher", "string", "Cipher suite that the server chose, by its registered description.";
    TLS_CURVE = "tls.curve", "string", "Group of the key exchange, by its registered name; up to TLS 1.2 of elliptic curves only.";
    TLS_NEXT_PROTOCOL = "tls.next_protocol", "string", "Application protocol that the server chose (ALPN); in TLS 1.3 it is encrypted.";
    TLS_RESUMED = "tls.resumed", "bool", "The handshake went on from an earlier one; in TLS 1.3 from any key that both ends had.";
    TLS_RETRIED = "auditor.tls.retried", "bool", "`true`: the server asked for a second hello (HelloRetryRequest).";
    TLS_SERVER_NAME = "auditor.tls.server_name", "string", "Server that the client asked for (SNI); with an encrypted hello that of its outer one.";
    TLS_CLIENT_VERSIONS = "auditor.tls.client.versions", "string[]", "Versions that the client offered, the preferred first.";
    TLS_CLIENT_PROTOCOLS = "auditor.tls.client.protocols", "string[]", "Application protocols that it offered (ALPN).";
    TLS_CLIENT_ENCRYPTED_HELLO = "auditor.tls.client.encrypted_hello", "bool", "`true`: it sent an encrypted hello (ECH), or something that shall look like one.";
    TLS_CLIENT_JA3 = "tls.client.ja3", "string", "JA3 of its first hello.";
    TLS_CLIENT_JA4 = "auditor.tls.client.ja4", "string", "JA4 of its first hello.";
    TLS_SERVER_JA3S = "tls.server.ja3s", "string", "JA3S of the server's hello.";
    TLS_CLIENT_SUBJECT = "tls.client.subject", "string", "Subject of the certificate that the client presented (RFC 4514); certificates are encrypted in TLS 1.3. Not verified here.";
    TLS_CLIENT_ISSUER = "tls.client.issuer", "string", "Its issuer.";
    TLS_CLIENT_SAN_URI = "auditor.tls.client.san.uri", "string[]", "URIs among its alternative names.";
    TLS_CLIENT_HASH_SHA256 = "tls.client.hash.sha256", "string", "SHA-256 of its DER encoding, in upper case.";
    TLS_CLIENT_NOT_BEFORE = "tls.client.not_before", "string", "Beginning of its validity.";
    TLS_CLIENT_NOT_AFTER = "tls.client.not_after", "string", "End of its validity.";
    TLS_SERVER_SUBJECT = "tls.server.subject", "string", "Subject of the certificate that the server presented, likewise.";
    TLS_SERVER_ISSUER = "tls.server.issuer", "string", "Its issuer.";
    TLS_SERVER_SAN_URI = "auditor.tls.server.san.uri", "string[]", "URIs among its alternative names.";
    TLS_SERVER_HASH_SHA256 = "tls.server.hash.sha256", "string", "SHA-256 of its DER encoding, in upper case.";
    TLS_SERVER_NOT_BEFORE = "tls.server.not_before", "string", "Beginning of its validity.";
    TLS_SERVER_NOT_AFTER = "tls.server.not_after", "string", "End of its validity.";
    TLS_ALERT = "auditor.tls.alert", "string", "Alert that ended the handshake, else the last warning, by its registered name; absent if it is encrypted.";
    TLS_ALERT_SENDER = "auditor.tls.alert.sender", "string", "`client` or `server`.";
    TLS_INCOMPLETE = "auditor.tls.incomplete", "string", "Why something of the handshake was not read: `hole`, `truncated`, `malformed`, `not_tls` (the server answered in something else).";
    CAPTURE_INCOMPLETE = "auditor.capture.incomplete", "string[]", "What is missing from the record, see below.";
    IDENTITY_METHOD = "auditor.identity.method", "string", "How the audited workload was found: `cgroup`, named by `kubernetes` or by the container runtime (`cri`), or `process`.";
    IDENTITY_REASON = "auditor.identity.reason", "string", "Why something about the audited workload is absent, or was found by a weaker method.";
    TERMINATION = "auditor.connection.termination", "string", "How the connection ended: `graceful`, `reset_received`, `reset_sent`, `abandoned`, `never_opened`, `released` (older than the auditor: its process let go of it).";
    EXCHANGES = "auditor.connection.exchanges", "int", "HTTP exchanges recorded on the connection.";
    SMOOTHED_RTT_US = "auditor.connection.smoothed_rtt_us", "int, microseconds", "Smoothed round-trip time at the close.";
    RETRANSMITS = "auditor.connection.retransmits", "int", "Segments sent again.";
    PRE_EXISTING = "auditor.connection.pre_existing", "bool", "The connection is older than the auditor.";
    LOSS_STAGE = "auditor.loss.stage", "string", "Where it was lost: `ring`, `session`, `identity` (names that records will not have), `journal` or `export`.";
    LOSS_REASON = "auditor.loss.reason", "string", "Why: `ring_full`, `table_full`, `state_allocation`, `packet_unparsed` (a packet with headers that are not read), `malformed_event`, `unclaimed` (bytes of a handshake), `plaintext_unbound` (plaintext of TLS whose connection is not known), `unknown_connection`, `unread` (events left in the ring), `unaccounted` (the kernel saw it, no stage lost it, and there is no record), `index_full` and `unreadable` (a pod, service, node or namespace that a source of metadata told of), `too_large` (for the journal), `removed_or_damaged` (in the journal, before the destination had it), `rejected` (the collector refused it for good).";
    LOSS_UNIT = "auditor.loss.unit", "string", "What is counted: `exchange`, `event`, `object` (of a source of metadata) or `record`.";
    LOSS_COUNT = "auditor.loss.count", "int", "How many.";
    LOSS_LAST_TIME = "auditor.loss.last_time_unix_nano", "int, nanoseconds", "End of the period; the record's time is its beginning.";
    LOSS_DESTINATION = "auditor.loss.destination", "string", "Destination that did not get it; others may have.";
    LOSS_FIRST_SEQUENCE = "auditor.loss.first_sequence", "int", "Sequence in the journal from which on the records are that a destination did not get; among others that it got.";
    LOSS_NEXT_SEQUENCE = "auditor.loss.next_sequence", "int", "Sequence before which they are.";
    COVERAGE_STATE = "auditor.coverage.state", "string", "`started` or `stopped`; of one workload, by its label: `excluded`, `connections_only` or `included` again.";
    COVERAGE_TIER = "auditor.coverage.tier", "string", "`base`, or `plaintext` where TLS libraries are probed too.";
    COVERAGE_GAPS = "auditor.coverage.gaps", "string[]", "What is not seen: `tls_plaintext` by this tier, or of it what is not probed (`tls_plaintext_of_other_libraries`); `other_control_groups`, `processes_of_others` (their names) and `open_connections_elsewhere` (until they speak) by a daemon that may not.";
    LIFECYCLE_STATE = "auditor.lifecycle.state", "string", "`started`, `stopped`; `reloaded`: a changed configuration file was taken over; `recovered`: the daemon before did not stop in order.";
    LIFECYCLE_VERSION = "auditor.lifecycle.version", "string", "Version of the daemon.";
    LIFECYCLE_SETTINGS = "auditor.lifecycle.settings", "string", "SHA-256 of the settings in force, as the daemon's log has them in YAML.";
    JOURNAL_RECORDS = "auditor.journal.records", "int", "Records that the recovered journal has had since it was made.";
    JOURNAL_LOST_RECORDS = "auditor.journal.lost_records", "int", "Records among them that a crash took.";
    JOURNAL_LAST_TIME = "auditor.journal.last_time_unix_nano", "int, nanoseconds", "When the daemon before last recorded something: from then until this record the node was not audited, or not all of it.";
    JOURNAL_TORN_BYTES = "auditor.journal.torn_bytes", "int, bytes", "Bytes at the end of the recovered journal that are no whole record.";
    CHECKPOINT_NOTE = "auditor.checkpoint.note", "string", "The checkpoint: a signed note, to be given to `auditor verify --checkpoint`.";
    CHECKPOINT_RECORDS = "auditor.checkpoint.records", "int", "Records that it covers: the first so many of the journal.";
}
