import type { TLSSocket } from 'node:tls';

/**
 * Ends a connection that came to be in another version of TLS, before anything is asked on it: a context that somebody else has made has versions of its own.
 *
 * @hidden
 */
export function onlyInTls13(socket: TLSSocket): void {
  const check = () => {
    if (socket.getProtocol() === 'TLSv1.3') return;
    // As Node puts it where it finds out by itself.
    const code = 'ERR_SSL_UNSUPPORTED_PROTOCOL';
    socket.destroy(Object.assign(new Error('The server speaks no TLS 1.3.'), { code }));
  };
  // One that is used again, or that a proxy leads to, may have come to its end already.
  if (socket.authorized) check();
  else socket.once('secureConnect', check);
}
