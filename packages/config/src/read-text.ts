import { WeightsealError } from '@weightseal/core';
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { notJsonAt } from './check-json.js';
import type { Path, Source } from './source.js';

const TOO_DEEP = 'This is nested deeper than any configuration.';
const OWN_WORDS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'A second document begins here.',
  RESOURCE_EXHAUSTION: TOO_DEEP,
};
/** Far from where the stack ends. */
const MAX_DEPTH = 64;
const NOT_JSON =
  'This is not JSON, which has no comments, no comma after the last member, and "…" around every name and text. For those, use weightseal.config.yaml.';
const TWICE = 'This name stands here a second time; keep one of them.';
const TOO_MUCH = 'There is more in it than in any configuration.';
const TOO_MANY_ALIASES = 'Its aliases stand for too much; write out what they stand for.';
/** More than any configuration has; an alias is looked for from the beginning. What is done for all of them stays short. */
const MAX_NODES = 10_000;
const MAX_ALIASES = 100;
const NO_ALIAS =
  'A text that begins with * stands in quotes, like "*.safetensors"; without them it is a YAML alias, and of no anchor before it.';

/**
 * A configuration in YAML 1.2 or JSON. Runs no code: tags beyond YAML's own are refused.
 *
 * @throws CONFIG_INVALID with the line where the text breaks off
 */
export function readText(text: string, file: string, isJson: boolean): Source {
  const lines = new LineCounter();
  // Its own search for a name that stands twice compares each with each.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const mistake = (offset: number, message: string) =>
    new WeightsealError('CONFIG_INVALID', `${at(offset)}: ${message}`);
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) {
    throw mistake(problem.pos[0], OWN_WORDS[problem.code] ?? `${problem.message}.`);
  }
  // YAML allows more than JSON does, and other readers of the file will not.
  const notJson = isJson ? notJsonAt(text) : undefined;
  if (notJson !== undefined) throw mistake(notJson, NOT_JSON);
  lookThrough(document, mistake);
  return { value: plain(document, mistake), where: (path, part) => at(offsetOf(document, path, part)) };
}

function lookThrough(document: Document, mistake: (offset: number, message: string) => Error): void {
  const found = { nodes: 0, aliases: 0 };
  const count = (node: Node, what: keyof typeof found, most: number, message: string): void => {
    if (++found[what] > most) throw mistake(node.range?.[0] ?? 0, message);
  };
  const known = (alias: Alias): Node => {
    const node = alias.resolve(document);
    if (node) return node;
    throw mistake(alias.range?.[0] ?? 0, NO_ALIAS);
  };
  visit(document, {
    Node(_, node, path) {
      if (path.length > MAX_DEPTH) throw mistake(node.range?.[0] ?? 0, TOO_DEEP);
      count(node, 'nodes', MAX_NODES, TOO_MUCH);
    },
    Map(_, map, path) {
      if (path.length > MAX_DEPTH) throw mistake(map.range?.[0] ?? 0, TOO_DEEP);
      count(map, 'nodes', MAX_NODES, TOO_MUCH);
      const names = map.items.map(({ key }) => (isAlias(key) ? known(key) : key));
      const twice = secondOf(names.map((name, index) => (isScalar(name) ? String(name.value) : index)));
      if (twice >= 0) throw mistake((map.items[twice]!.key as Node | null)?.range?.[0] ?? 0, TWICE);
    },
    Alias(_, alias) {
      count(alias, 'aliases', MAX_ALIASES, TOO_MANY_ALIASES);
      known(alias);
    },
  });
}

/** Where something stands that stood before; -1 where nothing does. */
function secondOf(texts: readonly (string | number)[]): number {
  const seen = new Set<string | number>();
  return texts.findIndex((text) => seen.size === seen.add(text).size);
}

function plain(document: Document, mistake: (offset: number, message: string) => Error): unknown {
  try {
    return document.toJS();
  } catch {
    // The library counts, so that a few lines cannot fill the memory.
    throw mistake(0, TOO_MANY_ALIASES);
  }
}

/** Of the member's name or value; of the nearest thing around it where it is not there. */
function offsetOf(document: Document, path: Path, part: 'name' | 'value'): number {
  let node = document.contents as Node | null;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, step] of path.entries()) {
    const [name, value] = member(resolved(node, document), step);
    if (name === undefined && value === undefined) return offset;
    const wanted = part === 'name' && depth === path.length - 1 ? (name ?? value) : (value ?? name);
    offset = wanted?.range?.[0] ?? offset;
    node = value ?? null;
  }
  return offset;
}

function member(
  node: Node | null | undefined,
  step: string | number,
): [name?: Node | undefined, value?: Node | undefined] {
  if (isSeq<Node>(node)) return [undefined, node.items[step as number]];
  if (!isMap<Node, Node | null>(node)) return [];
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
  return pair ? [pair.key, pair.value ?? undefined] : [];
}

function resolved(node: Node | null, document: Document): Node | null | undefined {
  return isAlias(node) ? node.resolve(document) : node;
}
