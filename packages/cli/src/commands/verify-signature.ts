import { count } from '../bundle/notes.js';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { Place } from '../place.js';
import { shownSigner, signersOf } from '../signing.js';
import { quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';

export async function verifySignature(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  if (input === '-')
    throw usageError('verify-signature: Standard input lies nowhere, so no signature lies beside it.');
  if (args.has('plain')) return await verifyPlain(args, session);
  if (args.one('signature') !== undefined)
    throw usageError(
      'verify-signature: --signature is for --plain: the signature of what is sealed lies in it, or beside it.',
    );
  const signers = await signersOf(args, 'verify-signature');
  await using place = await Place.of(args, input);
  const { verifyRelease } = await import('@weightseal/release');
  const { manifest, digest, signedBy } = await verifyRelease(place.at, signers, { signal: session.signal });
  const compared = args.has('no-files') ? undefined : await compare(place, digest, session);
  const { name, version, created, context, previous } = manifest;
  const called = [name, version].filter((one) => one !== undefined).map(quote);
  const files = compared
    ? `: ${count(compared.files, 'file')}, ${size(compared.size)}, ${compared.files === 1 ? 'is' : 'are'} what was signed`
    : '';
  return {
    value: { input, digest, signedBy, name, version, created, context, previous, ...compared },
    lines: [
      `signed by ${shownSigner(signedBy)}`,
      `verified ${quote(input)}${called.length > 0 ? `, ${called.join(' ')}` : ''}${files}`,
    ],
    notes: [
      compared
        ? undefined
        : 'no file was read: `weightseal verify --no-key` compares them, and whoever opens it does.',
    ],
  };
}

/** @param digest of the manifest that was signed: what is compared must not be another by then */
async function compare(
  place: Place,
  digest: string,
  session: Session,
): Promise<{ readonly files: number; readonly size: number }> {
  const { verifyManifest, WeightsealError } = await core();
  const compared = await verifyManifest(place.at, {
    signal: session.signal,
    onProgress: await session.progress('comparing'),
  });
  if (compared.digest !== digest)
    throw new WeightsealError(
      'MANIFEST_MISMATCH',
      `The manifest of ${place.text} was replaced after its signature was verified. Verify it again.`,
    );
  return { files: compared.files, size: compared.size };
}

async function verifyPlain(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  const signaturePath = args.one('signature');
  if (signaturePath === undefined)
    throw usageError('verify-signature: With --plain it needs --signature <file>.');
  const signers = await signersOf(args, 'verify-signature');
  const { MAX_BUNDLE_BYTES, verifyDirectory } = await import('@weightseal/release');
  const { FileSource } = await core();
  await using signature = await FileSource.open(signaturePath);
  // One byte more than there may be is refused as too long.
  const bytes = await signature.read(0, Math.min(signature.size, MAX_BUNDLE_BYTES + 1));
  const { signedBy, statement } = await verifyDirectory(input, bytes, signers, {
    signaturePath,
    signal: session.signal,
    onProgress: await session.progress('comparing'),
  });
  const files = statement.resources.length;
  return {
    value: { input, signedBy, files, name: statement.subject.name },
    lines: [
      `signed by ${shownSigner(signedBy)}`,
      `verified ${quote(input)}: ${count(files, 'file')} ${files === 1 ? 'is' : 'are'} what was signed`,
    ],
  };
}
