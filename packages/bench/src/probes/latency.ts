// Stands before a server, and hands on what a client says so many milliseconds later, as a network that is that far away does; answers flow as they come.
import { connect, createServer } from 'node:net';

const [port = '', upstream = '', milliseconds = '0'] = process.argv.slice(2);
const { hostname, port: upstreamPort } = new URL(upstream);

const server = createServer({ noDelay: true }, (client) => {
  const store = connect({ host: hostname, port: Number(upstreamPort), noDelay: true });
  client.on('data', (bytes) => setTimeout(() => store.write(bytes), Number(milliseconds)));
  client.on('end', () => setTimeout(() => store.end(), Number(milliseconds)));
  client.on('error', () => store.destroy());
  store.on('error', () => client.destroy());
  store.pipe(client);
});
server.listen(Number(port), '127.0.0.1', () => console.log('ready'));
