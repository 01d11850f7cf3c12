// Answers everything over TLS: PORT, in a folder with server.pem and server.key.
const fs = require('fs');
const https = require('https');
https.createServer({
  cert: fs.readFileSync('server.pem'),
  key: fs.readFileSync('server.key'),
}, (request, response) => response.end('ok')).listen(process.argv[2], '127.0.0.1');
