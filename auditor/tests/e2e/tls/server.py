"""Answers everything over TLS: PORT, in a folder with server.pem and server.key."""
import http.server
import ssl
import sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler
)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
