import { loadError, WeightsealError } from '@weightseal/core';

const INSTALL = 'npm install @cyclonedx/cyclonedx-library';

/** What of CycloneDX's library makes a document. */
export interface CycloneDx {
  readonly models: typeof import('@cyclonedx/cyclonedx-library/Models');
  readonly enums: typeof import('@cyclonedx/cyclonedx-library/Enums');
  readonly serialize: typeof import('@cyclonedx/cyclonedx-library/Serialize');
  readonly spec: typeof import('@cyclonedx/cyclonedx-library/Spec');
}

/** Loads CycloneDX's own library, at the first use; of what that may need besides, for XML and to validate, nothing is used. @throws PROVIDER_MISSING, IO_ERROR */
export async function cycloneDx(): Promise<CycloneDx> {
  try {
    const [models, enums, serialize, spec] = await Promise.all([
      import('@cyclonedx/cyclonedx-library/Models'),
      import('@cyclonedx/cyclonedx-library/Enums'),
      import('@cyclonedx/cyclonedx-library/Serialize'),
      import('@cyclonedx/cyclonedx-library/Spec'),
    ]);
    return { models, enums, serialize, spec };
  } catch (cause) {
    throw (
      loadError(cause, '@cyclonedx/cyclonedx-library') ??
      new WeightsealError(
        'PROVIDER_MISSING',
        `A bill of materials needs CycloneDX's library, and that does not load: ${INSTALL}`,
        { cause },
      )
    );
  }
}
