"""Shakes hands, asks once, and says what was agreed on: PORT NAME VERSION."""
import socket
import ssl
import sys

port, name, version = sys.argv[1:]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.maximum_version = ssl.TLSVersion["TLSv1_" + version[-1]]
context.set_alpn_protocols(["http/1.1"])
with socket.create_connection(("127.0.0.1", int(port))) as plain:
    with context.wrap_socket(plain, server_hostname=name) as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        while tls.recv(4096):
            pass
        print(tls.version()[4:], tls.cipher()[0], tls.selected_alpn_protocol())
