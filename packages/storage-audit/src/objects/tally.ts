import { isLocation, type StoredAt } from '@weightseal/core';
import { partsOf } from '../report/report.js';
import type { Finding, Outcome } from '../types.js';
import { CHECKS, type ObjectCheck } from './checks.js';
import { counted, found } from './found.js';
import { placeOf } from './place.js';
import type { SavedTally } from './saved-tally.js';
import type { AuditedObject, ObjectAuditOptions } from './types.js';

/** A key that opens sealed objects, and how many. */
export interface KeyCount {
  readonly keyUri: string;
  readonly keyVersion: string;
  readonly objects: number;
}

/** Of each check so many are told one by one, and the rest as a number. */
const MOST_FINDINGS = 1000;
/** Whoever has more keys than these has one for each object. */
const MOST_KEYS = 1000;
const NOTHING =
  'Nothing lies there that was looked at. Check the path, and that it is the part of it that is meant.';
const SEALED: readonly AuditedObject['kind'][] = ['sealed', 'bundle'];
/** What is known of a sealed object by its head, or not at all. */
const OF_HEADS: readonly ObjectCheck[] = ['keys', 'manifest', 'signature'];

/** What an audit of objects comes to, in the same memory however many there were. */
export class ObjectTally {
  readonly #name: string;
  readonly #isStore: boolean;
  readonly #tellsUploads: boolean;
  readonly #knowsKeys: boolean;
  /** What of the place is looked at, where that is not all. */
  readonly #parts: readonly string[];
  /** Sealed, and nothing of it could be seen. */
  #blind = 0;
  readonly #kinds = new Map<AuditedObject['kind'], number>();
  readonly #keys = new Map<string, number>();
  readonly #findings = new Map<string, Finding[]>();
  readonly #more = new Map<string, number>();

  /**
   * @param at what `auditObjects` is given, with its options
   * @param saved what an audit that was cut off had come to (`save`): this one goes on behind it
   */
  constructor(
    at: StoredAt,
    { keys, ...part }: Pick<ObjectAuditOptions, 'keys' | 'sample' | 'after'> = {},
    saved?: SavedTally,
  ) {
    this.#name = placeOf(at).name;
    this.#isStore = isLocation(at);
    this.#tellsUploads = isLocation(at) && at.store.unfinished !== undefined && at.store.put !== undefined;
    this.#knowsKeys = keys !== undefined;
    this.#parts = partsOf(part);
    if (!saved) return;
    this.#blind = saved.blind;
    for (const [kind, count] of saved.kinds) this.#kinds.set(kind, count);
    for (const [name, count] of saved.keys) this.#keys.set(name, count);
    for (const [name, count] of saved.more) this.#more.set(name, count);
    for (const finding of saved.findings) this.#keep(finding);
  }

  /** All that it has come to, for a file: `encodeAuditState`. */
  save(): SavedTally {
    return {
      blind: this.#blind,
      kinds: [...this.#kinds],
      keys: [...this.#keys],
      findings: [...this.#findings.values()].flat(),
      more: [...this.#more],
    };
  }

  add({ kind, recipients, findings }: AuditedObject): void {
    increase(this.#kinds, kind);
    if (!recipients && SEALED.includes(kind)) this.#blind++;
    for (const { keyUri, keyVersion } of recipients ?? []) {
      const name = JSON.stringify([keyUri, keyVersion]);
      if (this.#keys.has(name) || this.#keys.size < MOST_KEYS) increase(this.#keys, name);
    }
    for (const finding of findings) if (!this.#keep(finding)) increase(this.#more, nameOf(finding));
  }

  /** Whether there was room for it. */
  #keep(finding: Finding): boolean {
    const name = nameOf(finding);
    const told = this.#findings.get(name);
    if (!told) this.#findings.set(name, [finding]);
    else if (told.length < MOST_FINDINGS) told.push(finding);
    else return false;
    return true;
  }

  /** How many there were of a kind. */
  count(kind: AuditedObject['kind']): number {
    return this.#kinds.get(kind) ?? 0;
  }

  /** Under which keys and versions sealed objects lie, by what their heads say; the first thousand. */
  get keys(): readonly KeyCount[] {
    return [...this.#keys].map(([name, objects]) => {
      const [keyUri, keyVersion] = JSON.parse(name) as [string, string];
      return { keyUri, keyVersion, objects };
    });
  }

  /** Of each check what was wrong, or could not be read, or that there was nothing of that. */
  findings(): Finding[] {
    return (Object.keys(CHECKS) as ObjectCheck[]).flatMap((check) => {
      const told = (['failed', 'unread'] as const).flatMap((outcome) => this.#told(check, outcome));
      const blind = this.#unseen(check);
      if (told.length > 0 || blind.length > 0)
        return [...told, ...blind, ...(check === 'plain' ? this.#unlooked() : [])];
      return [this.#ofPart(check, this.#nothing(check))];
    });
  }

  #told(check: ObjectCheck, outcome: Outcome): Finding[] {
    const name = `${outcome} ${CHECKS[check].id}`;
    const more = this.#more.get(name) ?? 0;
    const sentence = (number: string) => `So it is of ${number} others.`;
    const rest = more > 0 ? [counted(check, this.#name, outcome, sentence, more)] : [];
    return [...(this.#findings.get(name) ?? []), ...rest];
  }

  /** Also where others have failed: whoever accepts those has not accepted what nobody has seen. */
  #unseen(check: ObjectCheck): Finding[] {
    const isAsked = OF_HEADS.includes(check) && (check !== 'keys' || this.#knowsKeys);
    if (!isAsked || this.#blind === 0) return [];
    const evidence = `Of ${this.#sealed} sealed files and bundles ${this.#blind} could not be looked into.`;
    const one = counted(check, this.#name, 'unread', () => 'Some could not be looked into.', this.#blind);
    return [{ ...one, evidence }];
  }

  /** Also beside others that have failed. */
  #unlooked(): Finding[] {
    if (this.#parts.length === 0) return [];
    const evidence = `It was looked ${this.#parts.join(', and ')}: of the rest nothing is known.`;
    return [{ ...found('plain', this.#name, 'unread', evidence), facts: evidence }];
  }

  /** What passed of a part has not passed. */
  #ofPart(check: ObjectCheck, whole: Finding): Finding {
    const isOfAll = check === 'versions' || check === 'incomplete';
    if (this.#parts.length === 0 || isOfAll || whole.outcome !== 'passed') return whole;
    const part = `It was looked ${this.#parts.join(', and ')}: of the rest nothing is known.`;
    return { ...found(check, this.#name, 'unread', `${part} Of that part: ${whole.evidence}`), facts: part };
  }

  get #sealed(): number {
    return SEALED.reduce((sum, kind) => sum + this.count(kind), 0);
  }

  #nothing(check: ObjectCheck): Finding {
    const sealed = this.#sealed;
    const objects = sealed + this.count('weights') + this.count('other') + this.count('release');
    const none = (evidence: string) => found(check, this.#name, 'inapplicable', evidence);
    const passed = (evidence: string) => found(check, this.#name, 'passed', evidence);
    if (check === 'names')
      return this.#isStore ? passed('No key has an empty name in it.') : none('It is a directory.');
    if (check === 'versions') {
      if (!this.#isStore) return none('A directory keeps one version; snapshots of disks are not looked at.');
      if (this.count('older') > 0) return passed('No older version lies there.');
      return found(check, this.#name, 'unread', 'Whether older versions lie there was not looked at.');
    }
    if (check === 'readable') {
      if (this.#isStore || this.count('weights') === 0) return none('No plain weights lie on a disk there.');
      return passed('By their modes, no plain weights are for every user of this machine.');
    }
    if (check === 'incomplete') {
      if (!this.#tellsUploads) return none('It does not tell of uploads.');
      return passed('No upload is left that began more than a day ago.');
    }
    if (check === 'plain') {
      if (objects === 0) return found(check, this.#name, 'unread', NOTHING);
      return passed(`Of ${objects} objects none is a plain model, as far as is known.`);
    }
    if (sealed === 0) return none('Nothing that was looked at is sealed.');
    if (check === 'keys' && !this.#knowsKeys) return none('Nobody has said which keys are expected.');
    return passed(`Of ${sealed} sealed files and bundles nothing else was seen.`);
  }
}

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function nameOf({ outcome, check }: Finding): string {
  return `${outcome} ${check}`;
}
