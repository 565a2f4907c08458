import {
  crc32c,
  isWeightsealError,
  type ObjectWriteOptions,
  type PartRules,
  type ResumeOptions,
  type StoreCall,
  type StoredObject,
  type Upload,
  type UploadPart,
  WeightsealError,
} from '@weightseal/core';
import { emptied, jsonOf, strange } from './ask.js';
import type { Asked } from './errors.js';
import { checksum, FIELDS } from './metadata.js';
import { checkKey, type Place } from './place.js';
import type { Answer } from './send.js';
import { type Counted, ticketFor, ticketOf } from './ticket.js';
import { CONTENT_TYPE, checked, generationOf } from './writing.js';

/** Each request of a session but the last brings a multiple of this. */
const UNIT = 256 * 1024;
/** What a session that is over answers. */
const GONE: readonly number[] = [404, 410];
/** Of one that is complete, or not yet. */
const ENDING: readonly number[] = [200, 201, 308];
const MAX_OBJECT_BYTES = 5 * 2 ** 40;

const RULES: PartRules = {
  least: UNIT,
  most: 1024 * 2 ** 20,
  multiple: UNIT,
  count: MAX_OBJECT_BYTES / UNIT,
  anyOrder: false,
};

/**
 * A resumable session (https://cloud.google.com/storage/docs/performing-resumable-uploads). Its URL lets anybody write this object, so that no message has it. The object
 * appears with the last byte: so what is at the end of the last part, at most 256 KiB, is kept until `complete`.
 */
export async function beginUpload(
  place: Place,
  key: string,
  { condition, size }: ObjectWriteOptions & { readonly size?: number | undefined },
  { signal }: StoreCall,
): Promise<Upload> {
  checkKey(key);
  const asked: Asked = { ...place.asked('write', key), condition };
  const body = [Buffer.from(JSON.stringify({ name: key, contentType: CONTENT_TYPE }))];
  const headers = {
    'content-type': 'application/json; charset=UTF-8',
    'x-upload-content-type': CONTENT_TYPE,
    ...(size !== undefined && { 'x-upload-content-length': String(size) }),
  };
  const parameters = { uploadType: 'resumable', fields: FIELDS, ifGenerationMatch: generationOf(condition) };
  const url = place.uploadUrl(parameters);
  const answer = await place.ask({ method: 'POST', url, headers, body }, asked, signal, [200, 201]);
  await emptied(answer);
  const session = place.sessionUrl(answer.header('location') ?? 'x:');
  if (session === undefined) throw strange(asked.where, 'names no session');
  return new Session(place, session, asked, key);
}

/** What it has taken beyond what the ticket knows is not sent again, and counted when it comes. */
export async function resumeUpload(
  place: Place,
  key: string,
  { condition, ticket, size, partBytes }: ResumeOptions,
  call: StoreCall,
): Promise<Upload> {
  checkKey(key);
  const asked: Asked = { ...place.asked('write', key), condition };
  const known = ticketOf(ticket);
  const url = known && place.sessionUrl(known.url);
  if (!url) throw gone(asked.where);
  const session = new Session(place, url, asked, key);
  await session.goOn(known.sure, size, call);
  for (let index = 0; (index + 1) * partBytes <= known.sure.summed; index++) session.taken.add(index);
  return session;
}

class Session implements Upload {
  readonly rules: PartRules = RULES;
  readonly taken = new Set<number>();
  readonly #place: Place;
  readonly #url: URL;
  readonly #asked: Asked;
  readonly #key: string;
  /** Bytes that Cloud Storage has; not known while `#unsure`, after a request whose answer did not come. */
  #taken = 0;
  #unsure = false;
  /** What was counted into the checksum. */
  #summed = 0;
  #crc = 0;
  /** The same before the last part, whose end another process would not have. */
  #sure: Counted = { summed: 0, crc: 0 };
  /** The end of the last part. */
  #kept: Uint8Array = new Uint8Array();
  #ended = false;

  constructor(place: Place, url: URL, asked: Asked, key: string) {
    this.#place = place;
    this.#url = url;
    this.#asked = asked;
    this.#key = key;
  }

  get ticket(): string {
    return ticketFor(this.#url, this.#sure);
  }

  /** @throws INPUT_NOT_FOUND where it is complete, or has less than was counted */
  async goOn(sure: Counted, size: number, call: StoreCall): Promise<void> {
    const complete = await this.#ask(call, undefined, ENDING);
    if (complete || this.#taken < sure.summed || this.#taken > size) throw gone(this.#asked.where);
    this.#sure = sure;
    this.#summed = sure.summed;
    this.#crc = sure.crc;
  }

  async part({ offset, bytes, last }: UploadPart, call: StoreCall): Promise<void> {
    const end = offset + bytes.length;
    const kept = last && bytes.length > 0 ? ((bytes.length - 1) % UNIT) + 1 : 0;
    if (this.#unsure) await this.#ask(call);
    if (this.#taken < offset) throw strange(this.#asked.where, 'has forgotten what was sent');
    await this.#send(bytes, offset, end - kept, call);
    if (this.#summed < end) {
      this.#crc = crc32c(bytes, this.#crc);
      this.#summed = end;
      if (!last) this.#sure = { summed: end, crc: this.#crc };
    }
    if (last) this.#kept = Uint8Array.from(bytes.subarray(bytes.length - kept));
  }

  async complete(call: StoreCall): Promise<StoredObject> {
    if (this.#ended) throw gone(this.#asked.where);
    const size = this.#summed;
    const done = this.#unsure ? await this.#ask(call, size) : undefined;
    const crc = checksum(this.#crc);
    const written = done ?? (await this.#finish(size, crc, call));
    this.#ended = true;
    return checked(this.#place, written, { asked: this.#asked, key: this.#key, size, crc }, call);
  }

  async abort({ signal }: StoreCall): Promise<void> {
    if (this.#ended) return;
    // 499 is what Cloud Storage says to a session that was ended; 404 and 410 are of one that is gone.
    const statuses = [200, 204, 404, 410, 499];
    const asked: Asked = { ...this.#asked, operation: 'remove' };
    await emptied(await this.#place.ask({ method: 'DELETE', url: this.#url }, asked, signal, statuses));
    this.#ended = true;
  }

  /** Sends what of the bytes is not there yet, up to `end`; an answer may have taken a part of it. */
  async #send(bytes: Uint8Array, offset: number, end: number, call: StoreCall): Promise<void> {
    while (this.#taken < end) {
      const from = this.#taken;
      const body = [bytes.subarray(from - offset, end - offset)];
      const answer = await this.#put(`bytes ${from}-${end - 1}/*`, body, call, [308]);
      this.#took(answer, end);
      await emptied(answer);
      if (this.#taken <= from) throw nothingTaken(this.#asked.where);
    }
  }

  async #finish(size: number, crc: string, call: StoreCall): Promise<Record<string, unknown>> {
    for (;;) {
      const from = this.#taken;
      const rest = this.#kept.subarray(this.#kept.length - (size - from));
      const range = rest.length > 0 ? `bytes ${from}-${size - 1}/${size}` : `bytes */${size}`;
      const hash = { 'x-goog-hash': `crc32c=${crc}` };
      const answer = await this.#put(range, [rest], call, ENDING, hash).catch((error: unknown) => {
        throw arrivedChanged(error) ? otherBytes(this.#asked.where) : error;
      });
      if (answer.status !== 308) return jsonOf(answer, this.#asked, call.signal);
      this.#took(answer, size);
      await emptied(answer);
      if (this.#taken <= from) throw nothingTaken(this.#asked.where);
    }
  }

  /** How much there is; or the object, where it is there already. */
  async #ask(
    call: StoreCall,
    size?: number,
    statuses: readonly number[] = size === undefined ? [308] : ENDING,
  ): Promise<Record<string, unknown> | undefined> {
    const answer = await this.#put(`bytes */${size ?? '*'}`, [], call, statuses);
    if (answer.status !== 308) return jsonOf(answer, this.#asked, call.signal);
    this.#took(answer, Number.MAX_SAFE_INTEGER);
    await emptied(answer);
    return undefined;
  }

  async #put(
    range: string,
    body: readonly Uint8Array[],
    { signal }: StoreCall,
    statuses: readonly number[],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    this.#unsure = true;
    const sent = {
      method: 'PUT',
      url: this.#url,
      headers: { ...headers, 'content-range': range },
      body,
    } as const;
    const answer = await this.#place.ask(sent, this.#asked, signal, [...statuses, ...GONE]);
    if (!GONE.includes(answer.status)) return answer;
    await emptied(answer);
    throw gone(this.#asked.where);
  }

  #took(answer: Answer, most: number): void {
    const range = answer.header('range');
    const found = range === undefined ? undefined : /^bytes=0-(\d{1,16})$/.exec(range);
    if (found === null) throw strange(this.#asked.where, 'does not say what it has taken');
    const taken = found === undefined ? 0 : Number(found[1]) + 1;
    if (taken > most) throw strange(this.#asked.where, 'says that it took more than was sent');
    this.#taken = taken;
    this.#unsure = false;
  }
}

function gone(where: string): WeightsealError {
  return new WeightsealError(
    'INPUT_NOT_FOUND',
    `${where} could not be written: its upload is gone, given up by somebody or over after a week. Begin anew.`,
  );
}

/** That the checksum did not fit: of all that a client is told to be its own fault, only this may go better the next time. */
function arrivedChanged(error: unknown): boolean {
  if (!isWeightsealError(error) || error.code !== 'STORE_UNAVAILABLE') return false;
  const { status } = error.cause as { readonly status?: number };
  return status === 400 || status === 412;
}

/** What comes in one request may arrive whole the next time; what a session has taken stays in it. */
function otherBytes(where: string): WeightsealError {
  return new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `${where} could not be written: what arrived of it is not what was sent. Check proxies, and begin anew.`,
  );
}

function nothingTaken(where: string): WeightsealError {
  return new WeightsealError(
    'STORE_UNAVAILABLE',
    `${where} could not be written: nothing of it was taken. Try again.`,
  );
}
