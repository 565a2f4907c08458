// Preloaded: whoever starts a program does nothing else for a while, as on a busy machine.
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

const { spawn } = childProcess;
childProcess.spawn = (...args) => {
  const child = spawn(...args);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  return child;
};
syncBuiltinESMExports();
