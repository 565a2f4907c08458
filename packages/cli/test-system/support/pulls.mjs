// So many pulls at once, in a process of its own: node pulls.mjs '{ "from": …, "to": …, "count": …, "files": …, "signer": … }'. Says "begun", and then what came of each.
import { readFile } from 'node:fs/promises';
import { pull } from '@weightseal/pull';
import { publicKeyFromPem } from '@weightseal/release';

const { from, to, count, files, signer } = JSON.parse(process.argv[2]);
const tls = {
  certificate: `${files}/client.pem`,
  key: `${files}/client-key.pem`,
  ca: `${files}/ca.pem`,
  allowDevelopment: true,
};
const signers = [{ key: publicKeyFromPem(await readFile(signer, 'utf8'), signer) }];
process.stdout.write('begun\n');
/** As a machine does that wants its model: where the crowd was too much, the same command goes on. */
async function pulled(to, tries = 10) {
  try {
    await pull(from, to, { signers, stores: { https: { tls } } });
    return 'pulled';
  } catch ({ code }) {
    return code === 'STORE_UNAVAILABLE' && tries > 1 ? await pulled(to, tries - 1) : code;
  }
}

const codes = await Promise.all(Array.from({ length: count }, (_, at) => pulled(`${to}/${at}`)));
process.stdout.write(`${JSON.stringify(codes)}\n`);
