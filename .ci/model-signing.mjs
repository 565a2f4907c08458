// Signatures of models, made here and verified by the reference implementation, and the other way: installs that, at pinned versions, into
// node_modules/.cache/venv-model-signing, and runs the vitest project `model-signing`. For keys in a token it takes SoftHSM, where that is there or can be installed.
//   node .ci/model-signing.mjs [arguments of vitest …]
import { join } from 'node:path';
import { debian, Missing } from './emulators/install.mjs';
import { venv, vitestProject } from './venv.mjs';

/** The tests say what they skip without it. */
function softHsm() {
  try {
    return {
      WEIGHTSEAL_SOFTHSM2: debian('libsofthsm2', 'libsofthsm2.so').install(),
      WEIGHTSEAL_SOFTHSM2_UTIL: debian('softhsm2', 'softhsm2-util').install(),
    };
  } catch (error) {
    if (error instanceof Missing) return {};
    throw error;
  }
}

const bin = venv('model-signing', 'packages/release/test-model-signing/requirements.txt');
vitestProject('model-signing', { ...softHsm(), WEIGHTSEAL_MODEL_SIGNING: join(bin, 'model_signing') });
