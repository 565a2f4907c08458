// Pulls in a process of its own: node pull.mjs '{ "from": …, "to": …, "files": …, "signer": …, "options": { … } }'. Prints what came of it.
import { pull } from '@weightseal/pull';

const { from, to, files, signer, options } = JSON.parse(process.argv[2]);
const tls = {
  certificate: `${files}/client.pem`,
  key: `${files}/client-key.pem`,
  ca: `${files}/ca.pem`,
  allowDevelopment: true,
};
const signers = [{ key: Buffer.from(signer, 'base64') }];
try {
  const pulled = await pull(from, to, { signers, stores: { https: { tls } }, ...options });
  console.log(JSON.stringify(pulled));
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
