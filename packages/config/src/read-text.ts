import { WeightsealError } from '@weightseal/core';
import {
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

const MULTIPLE_DOCUMENTS = 'MULTIPLE_DOCS';
const NOT_JSON =
  'This is not JSON, which has no comments, no comma after the last member, and "…" around every name and text. For those, use weightseal.config.yaml.';
const NO_ALIAS =
  'A text that begins with * stands in quotes, like "*.safetensors"; without them it is a YAML alias, and of no anchor before it.';

/**
 * A configuration in YAML 1.2 or JSON. Runs no code: tags beyond YAML's own are refused.
 *
 * @throws CONFIG_INVALID with the line where the text breaks off
 */
export function readText(text: string, file: string, isJson: boolean): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const mistake = (offset: number, message: string) =>
    new WeightsealError('CONFIG_INVALID', `${at(offset)}: ${message}`);
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) {
    const message = problem.code === MULTIPLE_DOCUMENTS ? 'A second document begins here' : problem.message;
    throw mistake(problem.pos[0], `${message}.`);
  }
  // YAML allows more than JSON does, and other readers of the file will not.
  const notJson = isJson ? notJsonAt(text) : undefined;
  if (notJson !== undefined) throw mistake(notJson, NOT_JSON);
  visit(document, {
    Alias(_, alias) {
      if (!alias.resolve(document)) throw mistake(alias.range?.[0] ?? 0, NO_ALIAS);
    },
  });
  return { value: plain(document, mistake), where: (path, part) => at(offsetOf(document, path, part)) };
}

function plain(document: Document, mistake: (offset: number, message: string) => Error): unknown {
  try {
    return document.toJS();
  } catch {
    // The library counts, so that a few lines cannot fill the memory.
    throw mistake(0, 'Its aliases stand for too much; write out what they stand for.');
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
