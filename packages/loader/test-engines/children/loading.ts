// Loads what the job says, and runs a command on it: engines in other languages, as a server in Node starts them. loading.ts COMMAND … JOB
import { spawnSync } from 'node:child_process';
import { argv, env } from 'node:process';
import { withModel } from './given-model.ts';

const [program = '', ...args] = argv.slice(2, -1);
process.exitCode = await withModel(async ({ path }) => {
  const environment = { ...env, WEIGHTSEAL_MODEL_PATH: path };
  return spawnSync(program, args, { stdio: 'inherit', env: environment }).status ?? 1;
});
