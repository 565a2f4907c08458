import { keyWrapperContract } from '@weightseal/kms-contract';
import { createLocalKey, generateKeyFile, localKeyFromUri } from '@weightseal/kms-local';
import { describe, it } from 'vitest';
import { BREAKS, DENIES, HANGS } from './backend.js';
import { secretsIn } from './secrets.js';
import { temporary } from './temporary.js';

const path = await temporary();

keyWrapperContract(
  { describe, it },
  {
    name: 'a key file',
    without: { disabled: 'a file cannot be switched off' },
    async setup() {
      const wrapper = localKeyFromUri(await generateKeyFile(path()));
      return {
        wrapper,
        otherKey: localKeyFromUri(await generateKeyFile(path())),
        rotate: () => wrapper.rotate(),
        slow: createLocalKey({ path: path(HANGS), deadlineMs: 400 }),
        missing: createLocalKey({ path: path() }),
        denied: createLocalKey({ path: path(DENIES) }),
        unavailable: createLocalKey({ path: path(BREAKS) }),
        secrets: () => secretsIn(wrapper.uri.slice('local:'.length)),
      };
    },
  },
);
