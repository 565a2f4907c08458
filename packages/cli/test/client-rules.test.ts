import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporary } from '../../core/test/support/temporary.ts';
import { ClientRules } from '../src/client-rules.ts';

const place = await temporary();
const rulesFor = (name: string) => ({ clients: [{ names: [name], models: ['**'] }] });

test('the file of --clients is read anew when it has changed; what cannot be used is told once, and not used', async () => {
  const path = join(await place.directory(), 'clients.json');
  const put = async (text: string) => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  await put(JSON.stringify(rulesFor('dns:a')));
  const rules = new ClientRules(path);
  expect(rules.first).toEqual(rulesFor('dns:a'));
  const used: unknown[] = [];
  const refused: string[] = [];
  let reloaded = 0;
  using _watching = rules.watch({
    everyMs: 5,
    use: (read) => {
      if (JSON.stringify(read).includes('wrong')) throw new Error('wrong rules');
      used.push(read);
    },
    onRefused: (error) => refused.push((error as Error).message),
    onReloaded: () => reloaded++,
  });
  await put('{');
  await expect.poll(() => refused.length).toBe(1);
  expect(refused[0]).toContain('takes a file in JSON');
  await put(JSON.stringify(rulesFor('wrong')));
  await expect.poll(() => refused.length).toBe(2);
  expect(used).toEqual([]);
  await put(JSON.stringify(rulesFor('dns:b')));
  await expect.poll(() => reloaded).toBe(1);
  expect(used).toEqual([rulesFor('dns:b')]);
  expect(refused).toHaveLength(2);
});
