import { createReadStream, readdirSync, readlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { openToFile, openToStream, sealToFile, sealToStream, verify } from '@weightseal/core';
import { describe, expect, it, vi } from 'vitest';
import { settled } from './support/held-key.js';
import { MemoryKey } from './support/memory-key.js';
import { collect, pattern, refusal, sealBytes } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
const sealed = await sealBytes(pattern(300), { keys });
const ways = [
  ['sealToStream', sealToStream],
  ['openToStream', openToStream],
] as const;

describe.each(ways)('%s, before anything is read of it', (_name, make) => {
  it('hears that its input fails, and says so when it is read', async () => {
    const input = new Readable({ read() {} });
    const output = make(input, { keys });
    // An error event that nobody hears is an uncaught exception, which fails the run.
    input.destroy(new Error('the disk is gone'));
    await settled();
    const error = await refusal(() => collect(output));
    expect(error).toMatchObject({ code: 'IO_ERROR', cause: { message: 'the disk is gone' } });
  });

  it('hears that a file to read from does not exist', async () => {
    const output = make(createReadStream(temp.path()), { keys });
    await settled();
    expect((await refusal(() => collect(output))).code).toBe('IO_ERROR');
  });

  it('destroys its input when it is cancelled: a Node stream', async () => {
    const input = Readable.from([sealed]);
    await make(input, { keys }).cancel();
    expect(input.destroyed).toBe(true);
  });

  it('cancels its input when it is cancelled: a web stream', async () => {
    const cancel = vi.fn();
    const input = new ReadableStream<Uint8Array>({ cancel });
    await make(input, { keys }).cancel();
    await settled();
    expect(cancel).toHaveBeenCalledOnce();
  });

  it('leaves its input alone when it is cancelled and somebody else reads it', async () => {
    const cancel = vi.fn();
    const input = new ReadableStream<Uint8Array>({ cancel });
    const output = make(input, { keys });
    input.getReader();
    await output.cancel();
    await settled();
    expect(cancel).not.toHaveBeenCalled();
  });

  it('is cancelled without more when its input is a file', async () => {
    await make(temp.path(), { keys }).cancel();
  });

  it('reads nothing of its input', async () => {
    const pull = vi.fn();
    const output = make(new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 }), { keys });
    await settled();
    expect(pull).not.toHaveBeenCalled();
    await output.cancel();
  });
});

describe.each(ways)('%s lets go of a web stream that gives nothing more', (_name, make) => {
  const some = (make === sealToStream ? pattern(300) : sealed).subarray(0, 100);
  const stuck = (first: Uint8Array[]) => {
    const cancel = vi.fn();
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const next = first.shift();
      if (next) controller.enqueue(next);
    };
    return { cancel, input: new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 }) };
  };

  it.each([
    ['before it is read', [], true],
    ['while it is waited for', [], false],
    ['in the middle', [some], false],
  ] as const)('at an abort %s', async (_when, first, atOnce) => {
    const { cancel, input } = stuck([...first]);
    const stop = new AbortController();
    if (atOnce) stop.abort();
    const read = refusal(() => collect(make(input, { keys, signal: stop.signal })));
    await settled();
    stop.abort();
    expect((await read).code).toBe('ABORTED');
    expect(cancel).toHaveBeenCalledOnce();
    expect(input.locked).toBe(false);
  });

  it('when it is cancelled in a read', async () => {
    const { cancel, input } = stuck([some]);
    const reader = make(input, { keys }).getReader();
    const toTheEnd = async () => {
      while (!(await reader.read()).done);
    };
    const read = toTheEnd();
    await settled();
    await reader.cancel();
    await read;
    expect(cancel).toHaveBeenCalledOnce();
    expect(input.locked).toBe(false);
  });
});

it('a web stream that somebody else reads is INVALID_ARGUMENT, in every operation', async () => {
  const locked = () => {
    const stream = new ReadableStream<Uint8Array>();
    stream.getReader();
    return stream;
  };
  for (const attempt of [
    () => sealToFile(locked(), temp.path(), { keys }),
    () => openToFile(locked(), temp.path(), { keys }),
    () => verify(locked(), { keys }),
    () => collect(sealToStream(locked(), { keys })),
    () => collect(openToStream(locked(), { keys })),
  ]) {
    const error = await refusal(attempt);
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain('locked');
  }
});

describe.runIf(process.platform === 'linux')('a stream that nobody reads on', () => {
  const openFiles = (path: string) =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false;
      }
    }).length;

  it.each([
    ['openToStream', openToStream, true],
    ['sealToStream', sealToStream, false],
  ] as const)('%s lets go of its input, and of its keys, at an abort', async (_name, make, opens) => {
    const path = temp.path();
    const plaintext = pattern(20_000_000);
    await writeFile(path, opens ? await sealBytes(plaintext, { keys }) : plaintext);
    const stop = new AbortController();
    const reader = make(path, { keys, signal: stop.signal }).getReader();
    await reader.read();
    expect(openFiles(path)).toBe(1);
    stop.abort();
    await vi.waitFor(() => expect(openFiles(path)).toBe(0), 10_000);
    expect((await refusal(() => reader.read())).code).toBe('ABORTED');
  });
});
