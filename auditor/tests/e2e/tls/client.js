// Shakes hands, asks once, and says what was agreed on: PORT NAME VERSION.
const tls = require('tls');
const [port, servername, version] = process.argv.slice(2);
const socket = tls.connect({
  host: '127.0.0.1',
  port,
  servername,
  rejectUnauthorized: false,
  maxVersion: `TLSv${version}`,
  ALPNProtocols: ['http/1.1'],
}, () => {
  const cipher = socket.getCipher().standardName;
  console.log(socket.getProtocol().slice(4), cipher, socket.alpnProtocol);
  socket.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
});
socket.resume();
