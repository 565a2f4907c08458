import { randomBytes } from 'node:crypto';
import type { Bundle, Member } from '../../src/bundle.js';

/** What a directory of a model holds: bytes of a file, a link's target, or nothing for a directory. */
export type Contents = Readonly<
  Record<string, Buffer | { readonly run: Buffer } | { readonly to: string } | null>
>;

/** Names, sizes and shapes that models have. */
export function modelDirectory(): Contents {
  return {
    'config.json': Buffer.from('{"model_type":"tiny"}'),
    'model-00001-of-00002.safetensors': randomBytes(3_000_001),
    'model-00002-of-00002.safetensors': randomBytes(40_000),
    'empty.txt': Buffer.alloc(0),
    onnx: null,
    'onnx/model.onnx': randomBytes(5_000),
    'onnx/weights': null,
    'onnx/weights/模型 [1].bin': randomBytes(70_000),
    'onnx/latest': { to: 'weights/模型 [1].bin' },
    'backend.so': { run: randomBytes(4_097) },
    vacant: null,
  };
}

/** A bundle that was opened already: it gives the place what it holds, as core's reader does. */
export function plainBundle(contents: Contents, name = 'tiny-model'): Bundle {
  const entries = Object.entries(contents);
  const members = entries.map(([path, what]): Member => {
    if (what === null) return { kind: 'directory', path };
    if ('to' in what) return { kind: 'link', path, target: what.to };
    const executable = 'run' in what;
    return { kind: 'sealed', path, size: bytesOf(what).length, executable };
  });
  return {
    name,
    members: () => members,
    async writeTo(place, { signal, onProgress }) {
      for (const [index, member] of members.entries()) {
        signal?.throwIfAborted();
        if (member.kind === 'directory') await place.directory(member.path);
        else if (member.kind === 'link') await place.link(member.path, member.target);
        else {
          await using handle = await place.file(member);
          await handle.writeFile(bytesOf(entries[index]![1] as Buffer));
        }
        onProgress?.({ bytes: index, total: members.length });
      }
      const size = members.reduce((sum, member) => sum + ('size' in member ? member.size : 0), 0);
      return { id: '00'.repeat(16), context: {}, size, digestVerified: false, members: members.length };
    },
    async [Symbol.asyncDispose]() {},
  };
}

export function bytesOf(what: Buffer | { readonly run: Buffer }): Buffer {
  return 'run' in what ? what.run : what;
}
