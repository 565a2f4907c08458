import type { StoreLocation } from '@weightseal/core';

/** Where the models of the example are published. */
export interface Bucket extends AsyncDisposable {
  readonly uri: string;
  /** What reads it needs of the environment, as it would stand in a deployment. */
  readonly env: Readonly<Record<string, string>>;
  /** Where something in it is sealed to. */
  place(name: string): string | StoreLocation;
  read(name: string): Promise<Buffer>;
  /** Replaces it as a whole. */
  write(name: string, bytes: Uint8Array): Promise<void>;
}
