// Runs the README's examples as a reader would type them, in one shell and one empty directory with a model in it.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

const readme = readFileSync('README.md', 'utf8');
const blocks = [...readme.matchAll(/^```(sh|ts|yaml)\n([\s\S]*?)^```/gm)].map(([, language, code]) => ({
  language,
  code,
}));
const directory = mkdtempSync(join(tmpdir(), 'weightseal-readme-'));
try {
  const command = join(directory, 'weightseal');
  writeFileSync(
    command,
    `#!/bin/sh\nexec '${process.execPath}' '${resolve('packages/cli/dist/bin.js')}' "$@"\n`,
  );
  chmodSync(command, 0o755);
  writeFileSync(join(directory, 'model.safetensors'), new Uint8Array(100_000).fill(7));
  symlinkSync(resolve('examples/node-api/node_modules'), join(directory, 'node_modules'));
  // What is trusted, and what is cached, is not for the home of whoever runs this.
  const home = join(directory, 'home');
  mkdirSync(home);
  const env = {
    ...process.env,
    HOME: home,
    XDG_STATE_HOME: '',
    XDG_CACHE_HOME: '',
    PATH: `${directory}${delimiter}${process.env.PATH}`,
  };
  const run = (file, args) =>
    execFileSync(file, args, { cwd: directory, env, stdio: ['ignore', 'inherit', 'inherit'] });
  for (const { language, code } of blocks) {
    // What goes to /dev/shm in the README stays in the directory here.
    const text = code.replaceAll('/dev/shm/', './opened-');
    console.log(`README: ${text.trim().split('\n')[0]} …`);
    const [, file] = /^# (\S+\.yaml)$/m.exec(text) ?? [];
    if (language === 'yaml') writeFileSync(join(directory, file), text);
    else if (language === 'sh') run('bash', ['-euo', 'pipefail', '-c', text]);
    else {
      writeFileSync(join(directory, 'example.ts'), text);
      run(process.execPath, ['example.ts']);
    }
  }
  console.log(`README: ${blocks.length} examples ran`);
} finally {
  rmSync(directory, { recursive: true });
}
