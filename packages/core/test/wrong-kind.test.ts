import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  FileSource,
  inspect,
  inspectBundle,
  openBundle,
  openReader,
  openToFile,
  openToStream,
  reseal,
  resealBundle,
  rewrap,
  rewrapBundle,
  sealBundle,
  sealToFile,
  sealToStream,
  verify,
  verifyBundle,
} from '@weightseal/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { everythingIn, temporary } from './support/temporary.js';

const files = await temporary();
const key = new MemoryKey('wrong kind');
const keys = [key];
let plain: string;
let file: string;
let bundle: string;
let out: string;
beforeAll(async () => {
  plain = await files.directory();
  out = await files.directory();
  await writeFile(join(plain, 'a'), 'a');
  [file, bundle] = [files.path('a.sealed'), files.path('b.sealed')];
  await sealToFile(join(plain, 'a'), file, { keys });
  await sealBundle(plain, bundle, { keys });
});

/** A stream that is read to its end. */
async function drained(stream: ReadableStream): Promise<void> {
  for await (const _ of stream);
}

type Call = (given: string | URL) => Promise<unknown>;

describe('what takes a file and is given a directory names the function for directories', () => {
  const calls: Record<string, [Call, RegExp]> = {
    sealToFile: [(at) => sealToFile(at, join(out, 'x'), { keys }), /has sealBundle\.$/],
    sealToStream: [(at) => drained(sealToStream(at, { keys })), /has sealBundle\.$/],
    openToFile: [(at) => openToFile(at, join(out, 'x'), { keys }), /has openBundle, and its openTo\.$/],
    openToStream: [(at) => drained(openToStream(at, { keys })), /has openBundle, and its stream\.$/],
    openReader: [(at) => openReader(at, { keys }), /has openBundle\.$/],
    verify: [(at) => verify(at, { keys }), /has verifyBundle\.$/],
    inspect: [(at) => inspect(at), /has inspectBundle\.$/],
    rewrap: [(at) => rewrap(at, { keys }), /has rewrapBundle\.$/],
    reseal: [(at) => reseal(at, { keys }), /has resealBundle\.$/],
    'FileSource.open': [(at) => FileSource.open(at), /has sealBundle, and openBundle\.$/],
  };

  test.each(Object.entries(calls))('%s', async (_name, [call, sentence]) => {
    key.unwraps = 0;
    for (const given of [bundle, `${bundle}/`, plain, pathToFileURL(bundle)])
      await expect(call(given)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(sentence),
      });
    expect([key.unwraps, await everythingIn(out)]).toEqual([0, []]);
  });
});

describe('what takes a directory and is given a file names the function for files', () => {
  const calls: Record<string, [Call, RegExp, string?]> = {
    sealBundle: [
      (at) => sealBundle(at, join(out, 'x'), { keys }),
      /is no directory; a file is sealed with sealToFile\.$/,
      'INVALID_ARGUMENT',
    ],
    openBundle: [(at) => openBundle(at, { keys }), /has openReader\.$/],
    verifyBundle: [(at) => verifyBundle(at, { keys }), /has verify\.$/],
    inspectBundle: [(at) => inspectBundle(at), /has inspect\.$/],
    rewrapBundle: [(at) => rewrapBundle(at, { keys }), /has rewrap\.$/],
    resealBundle: [(at) => resealBundle(at, { keys }), /has reseal\.$/],
  };

  test.each(Object.entries(calls))('%s', async (_name, [call, sentence, code = 'NOT_SEALED']) => {
    key.unwraps = 0;
    for (const given of [file, join(plain, 'a'), pathToFileURL(file)])
      await expect(call(given)).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) });
    expect([key.unwraps, await everythingIn(out)]).toEqual([0, []]);
  });

  test.skipIf(process.platform === 'win32')('but for what is neither, and what is not there', async () => {
    await expect(openBundle('/dev/null', { keys })).rejects.toMatchObject({
      code: 'NOT_SEALED',
      message: expect.stringContaining('/dev/null is no sealed bundle: it is no directory.'),
    });
    await expect(openBundle(join(file, 'below'), { keys })).rejects.toMatchObject({
      message: expect.stringContaining('is no directory.'),
    });
    for (const call of [openBundle, verifyBundle, rewrapBundle, resealBundle])
      await expect(call(files.path('none'), { keys })).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
    for (const call of [verify, openReader, rewrap, reseal])
      await expect(call(files.path('none'), { keys })).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  });
});
