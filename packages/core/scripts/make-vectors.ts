// Writes the format's own test vectors: `node packages/core/scripts/make-vectors.ts [directory]`. Everything random is derived from
// a label, so that a second run writes the same bytes; vectors/README.md says what is in the files.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';

// The sources import one another as the compiler wants it, by .js.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith('.') && context.parentURL?.endsWith('.ts')
      ? next(specifier.replace(/\.js$/, '.ts'), context)
      : next(specifier, context),
});
const { allVectors } = await import('./vectors/all.js');

const directory = process.argv[2] ?? join(import.meta.dirname, '..', 'vectors');
mkdirSync(directory, { recursive: true });
for (const [name, content] of Object.entries(allVectors())) {
  const text = `${JSON.stringify(content, undefined, 1)}\n`;
  writeFileSync(join(directory, `${name}.json`), text);
  console.log(`${name}.json ${text.length} bytes, sha256 ${createHash('sha256').update(text).digest('hex')}`);
}
