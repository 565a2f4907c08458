import { core } from '../core.js';

type Package = typeof import('@weightseal/storage-audit');

/** The package that audits, which is installed beside the command line. @throws PROVIDER_MISSING, IO_ERROR, INTERNAL */
export async function storageAudit(): Promise<Package> {
  return await import('@weightseal/storage-audit').catch(async (cause: unknown) => {
    const { loadError, WeightsealError } = await core();
    const refused = loadError(cause, NAME);
    if (refused) throw refused;
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    if (!isMissing || !(cause as Error).message.includes(`'${NAME}'`))
      throw new WeightsealError(
        'INTERNAL',
        `The package ${NAME} is installed and does not load; install it anew: \`npm install ${NAME}\`.`,
        { cause },
      );
    throw new WeightsealError(
      'PROVIDER_MISSING',
      `An audit needs a package that is not installed: \`npm install ${NAME}\` (add --global where weightseal itself is installed so).`,
      { cause },
    );
  });
}

const NAME = '@weightseal/storage-audit';
