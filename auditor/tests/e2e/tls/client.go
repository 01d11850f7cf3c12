// Shakes hands, asks once, and says what was agreed on: PORT NAME VERSION.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"os"
)

func main() {
	port, name, version := os.Args[1], os.Args[2], os.Args[3]
	versions := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	connection, err := tls.Dial("tcp", "127.0.0.1:"+port, &tls.Config{
		ServerName:         name,
		InsecureSkipVerify: true,
		MaxVersion:         versions[version],
		NextProtos:         []string{"http/1.1"},
	})
	if err != nil {
		panic(err)
	}
	fmt.Fprint(connection, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	io.Copy(io.Discard, connection)
	state := connection.ConnectionState()
	names := map[uint16]string{tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3"}
	fmt.Println(names[state.Version], tls.CipherSuiteName(state.CipherSuite), state.NegotiatedProtocol)
}
