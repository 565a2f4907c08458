// Makes the pages and pictures that are not written by hand. The packages must be built.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { generateApi } from './generate-api.ts';
import { generateCli } from './generate-cli.ts';
import { generateFiles } from './generate-files.ts';
import { GENERATED, PROGRAM, ROOT } from './repository.ts';
import { generateTerminals } from './terminal/generate.ts';

if (!existsSync(PROGRAM)) throw new Error('build the packages first: pnpm build');
rmSync(join(ROOT, GENERATED), { recursive: true, force: true });
await generateApi();
generateCli();
await generateTerminals();
// Last: it looks at the links of all pages, also of those that were made just now.
generateFiles();
