import type { WeightsealError } from '@weightseal/core';
import type { Pulled, PullOptions } from '@weightseal/pull';
import { count, named } from '../bundle/notes.js';
import { CliError, usageError } from '../cli-error.js';
import { note, uncheckedContext } from '../notes.js';
import { isUri, Place } from '../place.js';
import { shownSigner, signersOf } from '../signing.js';
import { quote, size } from '../text.js';
import { trustFor } from '../trust.js';
import type { Args, Result, Session } from '../types.js';
import { contextOf } from '../values.js';

const GOES_ON = 'What has come stays; the same command goes on.';
const SIGNERS = ['public-key', 'root', 'identity', 'issuer', 'trusted-root'] as const;
/** What says nothing of a list. */
const OF_PULLING: readonly string[] = [...SIGNERS, 'unsigned', 'context', 'digest', 'previous', 'force'];

export async function pull(args: Args, session: Session): Promise<Result> {
  if (args.has('list')) return await listed(args, session);
  const from = args.operands.slice(0, -1);
  const output = args.operands.at(-1);
  if (output === undefined || from.length === 0 || !from.every(isUri) || isUri(output) || output === '-')
    throw usageError(
      'pull: It needs the URI of a release, or of several mirrors of it, and then the path that it gets: weightseal pull https://HOST/llama llama.',
    );
  const whose = await judgesOf(args);
  const which = { context: contextOf(args), digest: args.one('digest') };
  const places: Place[] = [];
  try {
    for (const one of from) places.push(await Place.of(args, one));
    const library = await import('@weightseal/pull');
    const pulled = await library
      .pull(
        places.map(({ location }) => location!),
        output.replace(/(?<=[^/])\/+$/, ''),
        {
          ...whose,
          ...which,
          previous: args.one('previous'),
          overwrite: args.has('force'),
          signal: session.signal,
          onProgress: await session.progress('pulling'),
          onGivenUp: (uri, { code, message }) => {
            // Of one alone it is how the command ends.
            if (from.length > 1) note(args, `${quote(uri)} is asked no more (${code}): ${message}`);
          },
        },
      )
      .catch((error: unknown) => {
        if (!session.signal.aborted) throw error;
        throw new CliError('ABORTED', 'aborted', GOES_ON, { cause: error });
      });
    return resultOf(pulled, from[0]!, output, args.has('unsigned'), which);
  } finally {
    for (const place of places) await place[Symbol.asyncDispose]();
  }
}

/** Whose release it may be. @throws CliError of class usage where nobody says */
async function judgesOf(args: Args): Promise<Pick<PullOptions, 'signers' | 'trust' | 'unsigned'>> {
  const named = SIGNERS.some((flag) => args.one(flag) !== undefined || args.many(flag).length > 0);
  if (args.has('unsigned')) {
    if (!named) return { unsigned: true };
    throw usageError(
      'pull: --unsigned takes it whoever has signed it; leave out either that or whom you trust.',
    );
  }
  if (named) return { signers: await signersOf(args, 'pull') };
  const { configuration } = await import('../configuration.js');
  const asked = args.one('config') !== undefined || args.one('profile') !== undefined;
  const trust = await trustFor(args, asked ? await configuration(args) : undefined);
  if (trust) return { trust };
  throw usageError(
    'pull: Whose release is it to be? Name --public-key, --root, or --identity with --issuer, or say it in the `trust` of a configuration; --unsigned takes what anybody has put there.',
  );
}

function resultOf(
  pulled: Pulled,
  input: string,
  output: string,
  unsigned: boolean,
  which: Pick<PullOptions, 'context' | 'digest'>,
): Result {
  const { fetched, reused, present, mirrors, ...rest } = pulled;
  const { kind, signedBy, sealedSize, files, name, version } = rest;
  const called = [name, version].filter((one) => one !== undefined).map(quote);
  const what = kind === 'bundle' ? `a bundle of ${count(files, 'file')}, ` : '';
  const isThere = present === sealedSize && fetched + reused < sealedSize;
  const besides = [
    ...(reused > 0 ? [`${size(reused)} taken from an older version`] : []),
    ...(present > 0 ? [`${size(present)} there already`] : []),
  ];
  return {
    value: {
      input,
      output,
      ...rest,
      contextChecked: which.context !== undefined,
      fetchedSize: fetched,
      reusedSize: reused,
      presentSize: present,
      mirrors: mirrors.map(plain),
    },
    lines: [
      ...(signedBy ? [`signed by ${shownSigner(signedBy)}`] : []),
      isThere
        ? `${quote(output)} is there already, and is what was released: ${what}${size(sealedSize)}`
        : `pulled ${called.length > 0 ? `${called.join(' ')}, ` : ''}${what}${size(sealedSize)}, to ${quote(output)}: ${[`${size(fetched)} fetched`, ...besides].join(', ')}`,
    ],
    notes: [
      which.context || which.digest !== undefined ? undefined : uncheckedContext(rest.context, kind),
      rest.envelopeKept
        ? 'its envelope was written after the one that is served, and has stayed: recipients are as they were here.'
        : undefined,
      unsigned
        ? 'no signature was checked: it is whole, and whoever can write there could have made all of it.'
        : undefined,
      pulled.public.length > 0
        ? `not encrypted, and for everybody to read who can read there: ${named(pulled.public)}.`
        : undefined,
    ],
  };
}

function plain({ uri, bytes, givenUp }: Pulled['mirrors'][number]): object {
  return { input: uri, sealedSize: bytes, ...(givenUp && { givenUp: codeAndMessage(givenUp) }) };
}

function codeAndMessage({ code, message }: WeightsealError): object {
  return { code, message };
}

async function listed(args: Args, session: Session): Promise<Result> {
  const [input, ...more] = args.operands;
  if (input === undefined || more.length > 0 || !isUri(input))
    throw usageError(
      'pull: With --list it needs one URI, of a server: weightseal pull https://HOST/ --list.',
    );
  const useless = OF_PULLING.find((flag) => args.has(flag) || args.many(flag).length > 0);
  if (useless !== undefined)
    throw usageError(
      `pull: --list only shows what there is; --${useless} is for what is pulled. Leave it out.`,
    );
  await using place = await Place.of(args, input);
  const { listReleases } = await import('@weightseal/pull');
  const releases = await listReleases(place.location!, { signal: session.signal });
  return {
    value: { input, releases },
    lines: releases.map(({ path, kind, model, version, sealedSize }) => {
      const called = [model, version].filter((one) => one !== undefined).map(quote);
      return [
        kind.padEnd(6),
        (sealedSize === undefined ? '' : size(sealedSize)).padStart(9),
        quote(path),
        ...called,
      ].join('  ');
    }),
    essential: true,
  };
}
