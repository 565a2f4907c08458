import type { ErrorClass } from '@weightseal/core';

/** A part of the interface: scripts rely on them. */
export const EXIT_CODES: Readonly<Record<ErrorClass, number>> = {
  internal: 1,
  usage: 2,
  format: 3,
  integrity: 3,
  key: 4,
  context: 5,
  io: 6,
  store: 7,
  trust: 8,
  aborted: 130,
};

export const EXIT_CODE_HELP = `Exit codes:
  0    done
  1    an error that should not exist; please report it
  2    the command line is wrong, or asks for what cannot be
  3    refused: not a sealed file, or no longer as it was sealed
  4    no key opened it, or a key does not work
  5    it is sealed for another context
  6    input or output failed
  7    the store refused, or could not be reached
  8    nobody who is trusted has released it, or it is not the current release
  9    \`audit\` found nothing bad, and could not read something that counts
       (\`storage configure\`: something was left as it is)
  10   \`audit\` found something: info (11: low, 12: medium, 13: high, 14: critical)
  15   \`storage configure\` has shown a plan, and changed nothing
  130  stopped by SIGINT (129: by SIGHUP, 143: by SIGTERM)
`;
