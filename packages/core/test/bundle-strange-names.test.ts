import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sealBundle, verifyBundle } from '@weightseal/core';
import { expect, it } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { code } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [new MemoryKey('names')];

// Not on macOS, which has no such names.
it.runIf(process.platform === 'linux')(
  'finds a file whose name is no UTF-8, beside one that looks the same as text',
  async () => {
    const [source, sealed] = [await files.directory(), files.path('sealed')];
    await writeFile(join(source, '\ufffd'), 'a');
    await sealBundle(source, sealed, { keys });
    expect(await verifyBundle(sealed, { keys })).toMatchObject({ members: 1 });
    const stranger = Buffer.concat([Buffer.from(`${sealed}/`), Buffer.from([0xff]), Buffer.from('.sealed')]);
    await writeFile(stranger, 'b');
    await expect(verifyBundle(sealed, { keys })).rejects.toEqual(code('MEMBER_EXTRA'));
    expect(await verifyBundle(sealed, { keys, allowExtra: true })).toMatchObject({
      extra: ['\ufffd.sealed'],
    });
  },
);
