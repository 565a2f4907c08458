// Tests sealed models in inference engines that others wrote: installs those for Python, at pinned versions, into
// node_modules/.cache/venv-engines, and runs the vitest project `engines`. Those for Node came with the workspace.
//   node .ci/engines.mjs [arguments of vitest …]
import { join } from 'node:path';
import { venv, vitestProject } from './venv.mjs';

const bin = venv('engines', 'packages/loader/test-engines/requirements.txt');
vitestProject('engines', { WEIGHTSEAL_ENGINES_PYTHON: join(bin, 'python') });
