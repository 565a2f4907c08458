// Runs a command with a key that answers when it is told to. The command tells what it ignores, and the first signal that it is told of.
import { once } from 'node:events';
import { createLocalKey } from '@weightseal/kms-local';
import { run } from '@weightseal/loader';

const { path, keyFile, where, ignored, earlier } = JSON.parse(process.argv[2]);
const key = createLocalKey({ path: keyFile });
const slow = {
  provider: key.provider,
  uri: key.uri,
  wrap: (...args) => key.wrap(...args),
  async unwrap(...args) {
    process.stdout.write('unwrapping\n');
    await once(process.stdin, 'data');
    return await key.unwrap(...args);
  },
};
const command =
  'PATH=/usr/bin:/bin; echo "ignores $(sed -n "s/^SigIgn:.//p" /proc/$$/status)"; sleep 0.3; trap "echo told USR1; exit 0" USR1; echo listens; for i in $(seq 1000); do sleep 0.05; done; exit 9';
const options = {
  ignoredSignals: ignored,
  earlierSignals: earlier,
  onEvent: (event) => {
    if (event.event === 'started')
      process.stdout.write(`warnings ${JSON.stringify(event.placement.warnings)}\n`);
  },
};
const ran = await run(path, { keys: [slow], where, ...options, command: ['/bin/sh', '-c', command] });
process.exit(ran.exitCode);
