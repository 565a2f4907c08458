// Code that few commands need lies in the program as text, and is compiled when it is asked for.
import { runInThisContext } from 'node:vm';
import * as core from '@weightseal/core';

const modules = new Map();

/** The exports of a part that build.mjs put in. They share our @weightseal/core. */
export function part(name) {
  if (!modules.has(name)) modules.set(name, load(name));
  return modules.get(name);
}

function load(name) {
  const source = process.getBuiltinModule('node:sea').getAsset(name, 'utf8');
  const module = { exports: {} };
  const wrapped = runInThisContext(
    `(function (exports, require, module, __filename, __dirname) {${source}\n})`,
    {
      filename: `weightseal/${name}`,
    },
  );
  wrapped(module.exports, requireFrom, module, process.execPath, process.execPath);
  return module.exports;
}

function requireFrom(specifier) {
  if (specifier === '@weightseal/core') return core;
  const builtin = process.getBuiltinModule(specifier);
  if (builtin) return builtin;
  throw Object.assign(new Error(`Cannot find module '${specifier}'`), { code: 'MODULE_NOT_FOUND' });
}
