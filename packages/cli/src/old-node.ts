// The first thing that is evaluated, and by a Node that may lack what all else takes for granted: nothing may be imported here.

/** As `engines` of package.json has it; a test holds the two together. */
const NEEDED: readonly [number, number] = [22, 12];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  const message = `This is Node ${process.versions.node}, and weightseal needs ${NEEDED.join('.')} or newer. Install one, or put it first on the PATH.`;
  const json = process.argv.includes('--json');
  const error = { code: 'INVALID_ARGUMENT', class: 'usage', message };
  process.stderr.write(json ? `${JSON.stringify({ error })}\n` : `weightseal: ${message}\n`);
  process.exit(2);
}
