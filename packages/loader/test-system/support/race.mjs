// Puts links and directories of its own in the place of whatever a loader makes in a directory, over and over, until it is told to end.
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';

const { shared, own } = JSON.parse(process.argv[2]);
let rounds = 0;
let replaced = 0;
let going = true;
process.stdin.once('data', () => {
  going = false;
});

const quietly = (act) => {
  try {
    act();
    return true;
  } catch {
    return false;
  }
};

/** Our own directory, by its name or by a link to it, with a file and links under the names that are likely. */
function decoy(at, link) {
  if (link) return quietly(() => symlinkSync(own, at));
  return (
    quietly(() => mkdirSync(at, { mode: 0o777 })) &&
    quietly(() => symlinkSync(`${own}/caught`, `${at}/model.onnx`)) &&
    quietly(() => writeFileSync(`${at}/planted`, 'planted'))
  );
}

// Names that are there before any loader comes.
for (const name of ['model.onnx', 'weightseal', '.inode', 'planted'])
  quietly(() => symlinkSync(`${own}/${name}`, `${shared}/${name}`));
process.stdout.write('racing\n');
function round() {
  for (let i = 0; i < 20 && going; i++) {
    rounds++;
    for (const name of readdirSync(shared)) {
      if (!/^weightseal-[0-9]/.test(name)) continue;
      const at = `${shared}/${name}`;
      // Deleting what is empty, turning it away, and taking its place.
      const gone = quietly(() => renameSync(at, `${shared}/away-${rounds}`)) || quietly(() => unlinkSync(at));
      if (gone && decoy(at, rounds % 2 === 0)) replaced++;
    }
    // Or a place where it will be looked for.
    if (rounds % 50 === 0)
      for (const name of readdirSync(shared))
        if (/^away-/.test(name)) quietly(() => rmSync(`${shared}/${name}`, { recursive: true }));
  }
  if (going) return setImmediate(round);
  process.stdout.write(`raced ${JSON.stringify({ rounds, replaced })}\n`);
  process.exit(0);
}
round();
