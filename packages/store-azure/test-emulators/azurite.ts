import {
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';

export const VARIABLE = 'WEIGHTSEAL_EMULATOR_AZURITE';
export const account = 'devstoreaccount1';
export const CONTAINER = 'models';
/** Which every azurite has; its documentation gives it. */
export const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** Its URL, where the variable names one, with a container. */
export async function azuriteAt(): Promise<string | undefined> {
  const url = process.env[VARIABLE];
  if (!url) return undefined;
  const credential = new StorageSharedKeyCredential(account, KEY);
  await new ContainerClient(`${url}/${CONTAINER}`, credential).createIfNotExists();
  return url;
}

/** A signature for the container, by whichever key. */
export function signed(key: string = KEY): string {
  const permissions = ContainerSASPermissions.parse('rcwdl');
  const expiresOn = new Date(Date.now() + 3_600_000);
  const values = { containerName: CONTAINER, permissions, expiresOn };
  return generateBlobSASQueryParameters(values, new StorageSharedKeyCredential(account, key)).toString();
}

export function signatureIn(sas: string): string {
  return new URLSearchParams(sas).get('sig') ?? '';
}
