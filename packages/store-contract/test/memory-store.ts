import { createHash } from 'node:crypto';
import { abortedError, type ObjectStore, type StoredObject, WeightsealError } from '@weightseal/core';
import type { Subject } from '@weightseal/store-contract';
import { memoryUploads, type Pending } from './memory-uploads.js';

/** What a store may get wrong. Each must be found by the contract. */
export type Flaw =
  | 'shows credentials in its URI'
  | 'cuts ranges at their end'
  | 'ignores the offset'
  | 'ignores the version'
  | 'keeps its version name'
  | 'fails beyond the end'
  | 'fails for an empty object'
  | 'takes a prefix for an object'
  | 'gives all in one piece'
  | 'decodes keys'
  | 'takes plus for a space'
  | 'normalises keys'
  | 'folds case'
  | 'cuts long keys'
  | 'keeps what it is given'
  | 'ignores ifAbsent'
  | 'ignores ifVersion'
  | 'looks before it writes'
  | 'shows an upload before its end'
  | 'orders parts as they come'
  | 'adds a part sent again'
  | 'leaves what is given up'
  | 'ignores the condition of an upload'
  | 'copies whatever is there'
  | 'copies from the beginning'
  | 'forgets uploads'
  | 'resumes any upload'
  | 'tells of parts that are not there'
  | 'tells of no parts'
  | 'forgets parts when it goes on'
  | 'copies no parts when it goes on'
  | 'forgets the condition when it goes on'
  | 'finds uploads that have ended'
  | 'fails where nothing is to be removed'
  | 'removes by prefix'
  | 'removes any version'
  | 'lists in the order of writing'
  | 'lists in the order of UTF-16'
  | 'ends a list after a page'
  | 'takes a prefix for a directory'
  | 'has no levels'
  | 'ignores a fired signal'
  | 'ignores a signal in a body'
  | 'drops the reason'
  | 'throws plain errors'
  | 'tells denied from missing by nothing'
  | 'leaks its secret in a message'
  | 'leaks its secret in a cause';

const SECRET = Buffer.from('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY');
const PIECE = 65_536;
const PAGE = 1000;

export interface Memory {
  readonly objects: Map<string, { readonly bytes: Uint8Array; readonly version: string }>;
  readonly uploads: Set<Pending>;
}

export function memorySubject(memory: Memory, prefix: string, flaw?: Flaw): Subject {
  const on = (backend: Backend) => memoryStore(memory, flaw, backend);
  return {
    store: on('sound'),
    prefix,
    denied: on('STORE_DENIED'),
    missing: on(flaw === 'tells denied from missing by nothing' ? 'STORE_DENIED' : 'INPUT_NOT_FOUND'),
    unavailable: on('STORE_UNAVAILABLE'),
    silent: on('silent'),
    secrets: async () => [SECRET],
  };
}

export function newMemory(): Memory {
  return { objects: new Map(), uploads: new Set() };
}

type Backend = 'sound' | 'silent' | 'STORE_DENIED' | 'INPUT_NOT_FOUND' | 'STORE_UNAVAILABLE';

function memoryStore(memory: Memory, flaw: Flaw | undefined, backend: Backend): ObjectStore {
  const { objects } = memory;
  const fail = (code: ConstructorParameters<typeof WeightsealError>[0], what: string): Error => {
    if (flaw === 'throws plain errors') return new Error(what);
    const cause = flaw === 'leaks its secret in a cause' ? { headers: { authorization: SECRET } } : undefined;
    return new WeightsealError(code, flaw === 'leaks its secret in a message' ? `${what} ${SECRET}` : what, {
      cause,
    });
  };
  const stop = (signal: AbortSignal) =>
    flaw === 'drops the reason' ? new WeightsealError('ABORTED', 'Stopped.') : abortedError(signal);
  const ask = async (signal: AbortSignal): Promise<void> => {
    if (signal.aborted && flaw !== 'ignores a fired signal') throw stop(signal);
    if (backend === 'silent')
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(stop(signal)));
      });
    else if (backend !== 'sound') throw fail(backend, 'As told.');
    await new Promise(setImmediate);
  };
  const named = (key: string): string => {
    if (flaw === 'decodes keys')
      return key.replace(/%([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    if (flaw === 'takes plus for a space') return key.replaceAll('+', ' ');
    if (flaw === 'normalises keys') return key.normalize();
    if (flaw === 'folds case') return key.toLowerCase();
    return flaw === 'cuts long keys' ? key.slice(0, 1000) : key;
  };
  const find = (key: string) => {
    const found = objects.get(named(key));
    if (found) return found;
    const below = [...objects.keys()].some((one) => one.startsWith(`${key}/`));
    if (flaw === 'takes a prefix for an object' && below) return { bytes: new Uint8Array(), version: '0' };
    throw fail('INPUT_NOT_FOUND', 'There is no such object.');
  };
  const told = (key: string, { bytes, version }: { bytes: Uint8Array; version: string }): StoredObject => ({
    key,
    size: bytes.length,
    version,
    modified: '2026-11-28T00:00:00Z',
  });
  const write = (key: string, given: Uint8Array): StoredObject => {
    const bytes = flaw === 'keeps what it is given' ? given.fill(0) : Uint8Array.from(given);
    const version =
      flaw === 'keeps its version name' ? '1' : createHash('sha256').update(bytes).digest('hex');
    objects.set(named(key), { bytes, version });
    return told(key, { bytes, version });
  };
  const lost = (key: string, condition: import('@weightseal/core').WriteCondition | undefined) => {
    const there = objects.get(named(key));
    if (!condition) return undefined;
    if ('ifAbsent' in condition)
      return there && flaw !== 'ignores ifAbsent' ? fail('OUTPUT_EXISTS', 'It is there.') : undefined;
    const changed = there?.version !== condition.ifVersion && flaw !== 'ignores ifVersion';
    return changed ? fail('INPUT_CHANGED', 'It has changed.') : undefined;
  };
  return {
    uri: flaw === 'shows credentials in its URI' ? 'memory://user:password@here' : 'memory://here',
    async stat(key, { signal }) {
      await ask(signal);
      return told(key, find(key));
    },
    async read(key, { offset, length, version }, { signal }) {
      await ask(signal);
      const found = find(key);
      if (version !== undefined && version !== found.version && flaw !== 'ignores the version')
        throw fail('INPUT_CHANGED', 'It has changed.');
      const { size } = told(key, found);
      if (flaw === 'fails beyond the end' && offset >= size && size > 0)
        throw fail('STORE_RESPONSE_INVALID', '416');
      if (flaw === 'fails for an empty object' && size === 0) throw fail('STORE_RESPONSE_INVALID', '416');
      const from = flaw === 'ignores the offset' ? 0 : offset;
      const to = flaw === 'cuts ranges at their end' && offset + length > size ? size - 1 : offset + length;
      const step = flaw === 'gives all in one piece' ? Number.POSITIVE_INFINITY : PIECE;
      const bytes = found.bytes.slice(from, to);
      async function* body() {
        for (let at = 0; at < bytes.length; at += step) {
          if (signal.aborted && flaw !== 'ignores a signal in a body') throw stop(signal);
          yield bytes.slice(at, at + step);
          await new Promise(setImmediate);
        }
      }
      return { object: told(key, found), body: body() };
    },
    async put(key, bytes, { condition }, { signal }) {
      await ask(signal);
      const refusal = lost(key, condition);
      if (refusal) throw refusal;
      if (flaw === 'looks before it writes') await new Promise(setImmediate);
      return write(key, bytes);
    },
    async remove(key, { version }, { signal }) {
      await ask(signal);
      const there = objects.get(named(key));
      if (!there && flaw === 'fails where nothing is to be removed')
        throw fail('INPUT_NOT_FOUND', 'There is none.');
      if (there && version !== undefined && version !== there.version && flaw !== 'removes any version')
        throw fail('INPUT_CHANGED', 'It has changed.');
      if (flaw === 'removes by prefix')
        for (const one of objects.keys()) if (one.startsWith(key)) objects.delete(one);
      objects.delete(named(key));
    },
    async *list(prefix, { oneLevel }, { signal }) {
      await ask(signal);
      const bytes = (one: string) =>
        flaw === 'lists in the order of UTF-16' ? Buffer.from(one, 'utf16le').swap16() : Buffer.from(one);
      const start = flaw === 'takes a prefix for a directory' ? `${prefix.replace(/\/?$/, '')}/` : prefix;
      const keys = [...objects.keys()].filter((one) => one.startsWith(start));
      if (flaw !== 'lists in the order of writing') keys.sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
      if (flaw === 'ends a list after a page') keys.splice(PAGE);
      let last: string | undefined;
      for (const key of keys) {
        const slash = key.indexOf('/', prefix.length);
        if (!oneLevel || slash < 0 || flaw === 'has no levels') yield told(key, objects.get(key)!);
        else if (last !== key.slice(0, slash + 1)) {
          last = key.slice(0, slash + 1);
          yield { prefix: last };
        }
      }
    },
    ...memoryUploads({ memory, flaw, ask, fail, find, write, lost }),
    async close() {},
  };
}
