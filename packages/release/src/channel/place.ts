import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { below, CHANNEL_NAME, isLocation, type StoreLocation, uriOf } from '@weightseal/core';

/** The file of a channel: what ends in `.json`, or `weightseal.channel.json` there. */
export function channelFile(at: string | StoreLocation): string | StoreLocation {
  if (isLocation(at)) return at.key.endsWith('.json') ? at : below(at, CHANNEL_NAME);
  return at.endsWith('.json') ? at : join(at, CHANNEL_NAME);
}

/** What is remembered of a channel goes by this: the same for each way that leads to the file. */
export async function channelIdentity(file: string | StoreLocation): Promise<string> {
  if (isLocation(file)) return uriOf(file);
  const path = resolve(file);
  return join(await realpath(dirname(path)), basename(path));
}

/** Whether the file would lie in what lies there: where a bundle is, it would be one too many. */
export function liesIn(file: string | StoreLocation, place: string | StoreLocation): boolean {
  if (isLocation(file) !== isLocation(place)) return false;
  const [inner, outer] = [file, place].map((one) => (isLocation(one) ? uriOf(one) : resolve(one)));
  return inner!.startsWith(`${outer}/`);
}

/** For messages. */
export function channelName(file: string | StoreLocation): string {
  return isLocation(file) ? uriOf(file) : file;
}
