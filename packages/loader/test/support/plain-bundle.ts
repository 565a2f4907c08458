import { randomBytes } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Bundle, Member } from '../../src/bundle.js';

/** What a directory of a model holds: bytes of a file, the path of what a link leads to, or nothing for a directory. */
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
    'onnx/latest': { to: 'onnx/weights/模型 [1].bin' },
    'backend.so': { run: randomBytes(4_097) },
    vacant: null,
  };
}

const OPENED = { id: '00'.repeat(16), context: {}, size: 0, members: 0, digestVerified: false, extra: [] };

/** A bundle that was opened already: it writes what it holds into a directory, as core's reader does. */
export function plainBundle(contents: Contents, name = 'tiny-model'): Bundle {
  const entries = Object.entries(contents);
  const members = entries.map(([path, what]): Member => {
    if (what === null) return { kind: 'directory', path };
    if ('to' in what) return { kind: 'link', path, target: what.to };
    const size = bytesOf(what).length;
    const stored = { file: `${path}.sealed`, fileSize: size, digest: 'sha256:' };
    return { kind: 'sealed', path, size, executable: 'run' in what, ...stored };
  });
  return {
    opened: { ...OPENED, name },
    members: () => members,
    async writeTo(directory, { signal, onProgress } = {}) {
      for (const [index, [path, what]] of entries.entries()) {
        signal?.throwIfAborted();
        const at = `${directory}/${path}`;
        if (what === null) await mkdir(at, { mode: 0o700 });
        else if ('to' in what) await symlink(posix.relative(posix.dirname(path), what.to), at);
        else await writeFile(at, bytesOf(what), { flag: 'wx', mode: 0o600 });
        onProgress?.({ bytes: index, total: members.length });
      }
      const size = members.reduce((sum, member) => sum + ('size' in member ? member.size : 0), 0);
      return { ...OPENED, size, members: members.length };
    },
    async [Symbol.asyncDispose]() {},
  };
}

export function bytesOf(what: Buffer | { readonly run: Buffer }): Buffer {
  return 'run' in what ? what.run : what;
}
