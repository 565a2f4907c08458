// Shows that the server never gives half an answer: it is asked without a pause while it changes its model, refuses others, and stops.
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.ts';
import { Clients } from './clients.ts';
import { answersOf, plainModels, samples, sealAll } from './models.ts';

const REFUSED = {
  tampered: 'SEGMENT_TAMPERED',
  'of-another-model': 'CONTEXT_MISMATCH',
  'old-as-new': 'CONTEXT_MISMATCH',
  'no-model': 'MODEL_REFUSED',
  'not-there': 'INPUT_NOT_FOUND',
};

const say = (text: string) => console.log(text);

function must(is: boolean, what: string): void {
  if (!is) throw new Error(`not so: ${what}`);
}

const directory = await mkdtemp(join(tmpdir(), 'weightseal-server-'));
try {
  say('1. Two versions of a model, sealed; and what they answer as they are.');
  const models = await plainModels();
  const key = await sealAll(directory, models);
  const expected = { 1: await answersOf(models[1]), 2: await answersOf(models[2]) };
  const differ = samples.filter((_, at) => expected[1][at]!.join() !== expected[2][at]!.join()).length;
  say(`   They answer differently about ${differ} of ${samples.length} samples.`);
  must(differ === samples.length, 'every answer tells which version gave it');

  say('\n2. A server that loads version 1 into memory.');
  await using child = new Child({
    PORT: '0',
    MODEL_SEALED: directory,
    MODEL_KEYS: key,
    MODEL_NAME: 'digits',
    MODEL_VERSION: '1',
  });
  const { port } = await child.logged('listening');
  const url = `http://127.0.0.1:${port}`;
  const early = await fetch(`${url}/health`);
  await child.logged('serving');
  const health = await fetch(`${url}/health`);
  say(`   /health answered ${early.status} at first, and ${health.status} when the model was there.`);
  must(health.ok, 'a server with a model is ready');

  say('\n3. Four clients ask without a pause, and meanwhile it changes to version 2.');
  const clients = new Clients(url, expected, 4);
  await sleep(300);
  const before = clients.total;
  const [changed, second] = await Promise.all([reload('2'), reload('2')]);
  const during = clients.total - before;
  await sleep(300);
  must(
    [changed.status, second.status].sort().join() === '200,409',
    'one of two changes at a time is refused',
  );
  must((clients.answers['1'] ?? 0) > 0 && (clients.answers['2'] ?? 0) > 0, 'both versions have answered');
  must(during > 0, 'it answers while it loads');
  await child.logged('serving');
  must((await clients.ask(0)) === '2', 'version 2 is served');
  say(`   version 1 answered ${clients.answers['1']} times, version 2 ${clients.answers['2']} times;`);
  say(`   ${during} of these answers came while version 2 was being loaded.`);

  say('\n4. What must not be served.');
  for (const [version, code] of Object.entries(REFUSED)) {
    const { status, error } = await reload(version);
    say(`   ${version.padEnd(16)}  ${status} ${error}`);
    must(status === 422 || status === 503, 'a bad version is refused');
    must(error === code, `${version} is refused with ${code}`);
    must((await clients.ask(0)) === '2', 'version 2 is still served');
  }
  child.process.kill('SIGHUP');
  await child.logged('serving');
  say('   SIGHUP loaded version 2 anew.');

  await clients.stop();
  const total = clients.total;
  say(`   ${total} answers in all, each equal to the plain model's of that version; none failed.`);

  say('\n5. SIGTERM, with a request half sent.');
  const body = JSON.stringify({ pixels: samples[0]!.pixels });
  const half = request(`${url}/classify`, { method: 'POST', headers: { expect: '100-continue' } });
  const answered = new Promise<string>((resolve, reject) => {
    half.on('error', reject);
    half.on('response', async (response) => resolve(Buffer.concat(await response.toArray()).toString()));
  });
  half.flushHeaders();
  await once(half, 'continue');
  half.write(body.slice(0, 50));
  child.process.kill('SIGTERM');
  await child.logged('stopping');
  const refused = await fetch(`${url}/health`).then(
    () => false,
    () => true,
  );
  must(refused, 'a stopping server takes no connection');
  half.end(body.slice(50));
  must(clients.check(0, await answered) === '2', 'the request is finished');
  const exitCode = await child.exitCode();
  must(exitCode === 0, 'it ends with 0');
  say('   It was answered, and then the server ended with 0.');

  const secrets =
    (await readFile(join(directory, 'model.key'), 'latin1')).match(/[A-Za-z0-9+/_=-]{32,}/g) ?? [];
  const pixels = samples.some((sample) => child.log.includes(sample.pixels.slice(0, 16).join()));
  must(secrets.length > 0 && !secrets.some((secret) => child.log.includes(secret)), 'no key is in the log');
  must(!pixels, 'no request is in the log');

  async function reload(version: string): Promise<{ status: number; error: string | undefined }> {
    const response = await fetch(`${url}/reload`, { method: 'POST', body: JSON.stringify({ version }) });
    const { error }: { error?: string } = (await response.json()) as object;
    return { status: response.status, error };
  }
} finally {
  await rm(directory, { recursive: true });
}
