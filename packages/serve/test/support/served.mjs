// A server of its own process: what it is to do comes as JSON, and where it listens goes out as a line.
import { createModelServer } from '@weightseal/serve';
import { ReloadingTls } from '@weightseal/transit';

const { root, certificate, key, ca } = JSON.parse(process.argv[2]);
const tls = await ReloadingTls.create({ role: 'server', certificate, key, ca });
const rules = { clients: [{ names: ['spiffe://prod/**'], models: ['**'] }] };
const onProblem = (error) => console.error(error.code, error.message, error.cause);
const server = await createModelServer({ root, tls, rules, onProblem });
const { port } = await server.listen();
console.log(JSON.stringify({ port, permission: process.permission?.has('worker') }));
process.once('SIGTERM', async () => {
  await server.drain();
  await tls.close();
});
