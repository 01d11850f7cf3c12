// Answers everything over TLS: PORT, in a folder with server.pem and server.key.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	answer := func(response http.ResponseWriter, _ *http.Request) { fmt.Fprint(response, "ok") }
	panic(http.ListenAndServeTLS("127.0.0.1:"+os.Args[1], "server.pem", "server.key", http.HandlerFunc(answer)))
}
