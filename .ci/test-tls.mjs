// TLS of the server of models as others see it: sslyze from PyPI, in node_modules/.cache, and nginx from Debian, in front of it. What cannot be installed is skipped, with the reason.
//   node .ci/test-tls.mjs [arguments of vitest …]
import { debian, Missing, pip } from './emulators/install.mjs';
import { vitestProject } from './venv.mjs';

function installed(name, program) {
  try {
    return { [name]: program.install() };
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.error(`${name}: skipped, since it cannot be installed: ${error.message}`);
    return {};
  }
}

vitestProject('tls', {
  ...installed('WEIGHTSEAL_SSLYZE', pip('sslyze', '6.3.1', 'python3')),
  ...installed('WEIGHTSEAL_NGINX', debian('nginx', 'sbin/nginx')),
});
