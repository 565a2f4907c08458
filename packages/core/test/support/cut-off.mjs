// Seals or reseals a bundle, and kills this process (SIGKILL) once so many bytes are done.
//   node cut-off.mjs '{ "operation": "seal", "source": …, "bundle": …, "options": { … }, "after": 15000000 }'
import { resealBundle, sealBundle } from '@weightseal/core';
import { fixedKey } from '../../test-system/support/keys.mjs';

const { operation, source, bundle, recipients, options, after } = JSON.parse(process.argv[2]);
const keys = recipients.map((name) => fixedKey(name));
const onProgress = ({ bytes }) => {
  if (bytes > after) process.kill(process.pid, 'SIGKILL');
};
if (operation === 'seal') await sealBundle(source, bundle, { keys, ...options, onProgress });
else await resealBundle(bundle, { keys, ...options, onProgress });
