import { writeSync } from 'node:fs';
import { openBundle, resealBundle, rewrapBundle, sealBundle } from '@weightseal/core';
import { fixedKey } from './keys.mjs';

// One operation on a bundle, for a test that kills it: says `begun` when it is under way, and `done` at its end.
const { operation, source, bundle, output } = JSON.parse(process.argv[2]);
const keys = [fixedKey('a')];
console.log('begun');
switch (operation) {
  case 'seal':
    await sealBundle(source, bundle, { keys });
    break;
  case 'overwrite':
    await sealBundle(source, bundle, { keys, overwrite: true, resume: false });
    break;
  case 'reuse':
    await sealBundle(source, output, { keys, reuse: bundle });
    break;
  case 'open': {
    const opened = await openBundle(bundle, { keys });
    await opened.openTo(output);
    await opened.close();
    break;
  }
  case 'stay': {
    // Stays where it is, with half of the plaintext there, until it is killed.
    const opened = await openBundle(bundle, { keys });
    const onProgress = ({ bytes, total }) => {
      if (2 * bytes < total) return;
      writeSync(1, 'midway\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    };
    await opened.openTo(output, { onProgress, overwrite: true });
    break;
  }
  case 'rewrap':
    await rewrapBundle(bundle, { keys, add: [fixedKey('b')] });
    break;
  case 'reseal':
    await resealBundle(bundle, { keys });
    break;
}
console.log('done');
