import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { loadError } from '@weightseal/core';
import { Unread } from './failures.js';
import { guardWire } from './guarded-wire.js';
import type { S3AuditOptions, SdkClient } from './options.js';

export type S3Sdk = typeof import('@aws-sdk/client-s3');
export type KmsSdk = typeof import('@aws-sdk/client-kms');
export type ControlSdk = typeof import('@aws-sdk/client-s3-control');

export interface Connection<Sdk> {
  readonly sdk: Sdk;
  readonly client: SdkClient;
}

interface Destroyed extends SdkClient {
  destroy(): void;
}

/** Of a connection's time; the rest is the deadline's. */
const CONNECT_MS = 5_000;

/** Each SDK is loaded, and its client made, when it is first used. */
export class Clients {
  readonly #options: S3AuditOptions;
  readonly #own: Destroyed[] = [];
  readonly #made = new Map<string, Promise<Connection<unknown>>>();

  constructor(options: S3AuditOptions) {
    this.#options = options;
  }

  s3(): Promise<Connection<S3Sdk>> {
    const { clients } = this.#options;
    return this.#once('s3', async () => {
      const sdk = await loadS3();
      return { sdk, client: clients?.s3 ?? this.#keep(new sdk.S3Client(this.#configured())) };
    });
  }

  /** As anybody could ask: nothing is signed, so the keys that the SDK wants to have are no keys. */
  anonymous(): Promise<Connection<S3Sdk>> {
    const { clients } = this.#options;
    return this.#once('anonymous', async () => {
      const sdk = await loadS3();
      if (clients) return { sdk, client: clients.anonymous ?? missing('anonymous') };
      const config = this.#configured();
      const unsigned: S3ClientConfig = {
        ...config,
        credentials: { accessKeyId: 'anonymous', secretAccessKey: 'anonymous' },
        signer: { sign: async (request) => request },
      };
      return { sdk, client: this.#keep(new sdk.S3Client(unsigned)) };
    });
  }

  kms(region: string | undefined): Promise<Connection<KmsSdk>> {
    const { clients, endpoint, kmsEndpoint } = this.#options;
    return this.#once(`kms ${region}`, async () => {
      if (clients && !clients.kms) missing('kms');
      // Whoever audits a server of their own does not mean Amazon's keys.
      if (!clients && endpoint !== undefined && kmsEndpoint === undefined)
        throw new Unread('No key could be read: with `endpoint`, `kmsEndpoint` tells where the keys are.');
      const sdk = await import('@aws-sdk/client-kms').catch((cause: unknown) => {
        throw absent(cause, '@aws-sdk/client-kms');
      });
      if (clients?.kms) return { sdk, client: clients.kms };
      const config = { ...this.#shared(), ...(region !== undefined && { region }) };
      const at = kmsEndpoint === undefined ? {} : { endpoint: kmsEndpoint };
      return { sdk, client: this.#keep(new sdk.KMSClient({ ...config, ...at })) };
    });
  }

  s3Control(): Promise<Connection<ControlSdk>> {
    const { clients, endpoint } = this.#options;
    return this.#once('s3-control', async () => {
      if (clients && !clients.s3Control) missing('s3Control');
      if (!clients && endpoint !== undefined)
        throw new Unread(
          'The block of the whole account could not be read: `endpoint` names a server of one bucket.',
        );
      const sdk = await import('@aws-sdk/client-s3-control').catch((cause: unknown) => {
        throw absent(cause, '@aws-sdk/client-s3-control');
      });
      return { sdk, client: clients?.s3Control ?? this.#keep(new sdk.S3ControlClient(this.#shared())) };
    });
  }

  close(): void {
    for (const client of this.#own.splice(0)) client.destroy();
    this.#made.clear();
  }

  #once<Sdk>(name: string, make: () => Promise<Connection<Sdk>>): Promise<Connection<Sdk>> {
    const made = this.#made.get(name) ?? make();
    this.#made.set(name, made);
    return made as Promise<Connection<Sdk>>;
  }

  #keep<T extends Destroyed>(client: T): T {
    guardWire(client, this.#options.allowHttp === true);
    this.#own.push(client);
    return client;
  }

  #shared() {
    const { region, profile, credentials } = this.#options;
    return {
      // The SDK itself knows of no proxy. Node has it from 22.21 and 24.5 on.
      requestHandler: { connectionTimeout: CONNECT_MS, httpsAgent: { proxyEnv: process.env } },
      ...(region !== undefined && { region }),
      ...(profile !== undefined && { profile }),
      ...(credentials !== undefined && { credentials }),
    };
  }

  #configured(): S3ClientConfig {
    const { endpoint, pathStyle } = this.#options;
    return {
      ...this.#shared(),
      // Another region has another host, which is named in the configuration, not by an answer.
      followRegionRedirects: false,
      ...(endpoint !== undefined && { endpoint }),
      ...(pathStyle !== undefined && { forcePathStyle: pathStyle }),
    };
  }
}

async function loadS3(): Promise<S3Sdk> {
  return import('@aws-sdk/client-s3').catch((cause: unknown) => {
    throw loadError(cause, '@aws-sdk/client-s3') ?? cause;
  });
}

function absent(cause: unknown, name: string): Error {
  return (
    loadError(cause, name) ??
    new Unread(`It could not be read without ${name}. Install it (npm install ${name}).`)
  );
}

function missing(name: string): never {
  throw new Unread(`It could not be read: \`clients\` was given, and no \`${name}\` in it.`);
}
