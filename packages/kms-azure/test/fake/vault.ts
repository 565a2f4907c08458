import { randomBytes } from 'node:crypto';
import { type Material, type Request, signDigest, unwrapOrDecrypt, wrapOrEncrypt } from './material.js';

/** An answer that is an error, as Key Vault words it. */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: string;
  readonly inner: string | undefined;
  constructor(status: number, code: string, message: string, inner?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.inner = inner;
  }
}

export interface Version {
  readonly version: string;
  readonly material: Material;
  readonly created: number;
  enabled: boolean;
  nbf?: number | undefined;
  exp?: number | undefined;
  keyOps: readonly string[];
}

export interface Policy {
  attributes?: { expiryTime?: string };
  lifetimeActions?: {
    action: { type: string };
    trigger: { timeAfterCreate?: string; timeBeforeExpiry?: string };
  }[];
}

export interface Key {
  readonly versions: Version[];
  readonly make: () => Material;
  policy: Policy;
  deleted: boolean;
}

const RSA_OPS = ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey'];
const OCT_OPS = ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'];
const now = () => Math.floor(Date.now() / 1000);

/** One vault or Managed HSM, with the state of its keys. */
export class Vault {
  readonly host: string;
  readonly keys: Map<string, Key> = new Map<string, Key>();
  constructor(host: string) {
    this.host = host;
  }

  create(name: string, make: () => Material): Key {
    const key: Key = { versions: [], make, policy: { lifetimeActions: [] }, deleted: false };
    this.keys.set(name, key);
    this.rotate(name);
    return key;
  }

  /** A backup restored into another vault: the versions keep their names, the key its own. */
  restore(name: string, from: Vault): Key {
    const key = from.key(name);
    const copy: Key = { ...key, versions: key.versions.map((version) => ({ ...version })) };
    this.keys.set(name, copy);
    return copy;
  }

  rotate(name: string): Version {
    const key = this.key(name);
    const material = key.make();
    const keyOps = material.kty === 'oct-HSM' ? OCT_OPS : RSA_OPS;
    const version = {
      version: randomBytes(16).toString('hex'),
      material,
      created: now(),
      enabled: true,
      keyOps,
    };
    key.versions.push(version);
    return version;
  }

  key(name: string): Key {
    const key = this.keys.get(name);
    if (key === undefined || key.deleted) throw notFound(name);
    return key;
  }

  version(name: string, version: string | undefined): Version {
    const { versions } = this.key(name);
    const found = version ? versions.find((one) => one.version === version) : versions.at(-1);
    if (found === undefined) throw notFound(`${name}/${version}`);
    return found;
  }

  bundle(name: string, { version, material, created, enabled, nbf, exp, keyOps }: Version): object {
    const jwk = 'publicKey' in material ? material.publicKey.export({ format: 'jwk' }) : {};
    const kid = `https://${this.host}/keys/${name}/${version}`;
    return {
      key: { kid, kty: material.kty, key_ops: keyOps, n: jwk.n, e: jwk.e },
      attributes: {
        enabled,
        nbf,
        exp,
        created,
        updated: created,
        recoveryLevel: 'Recoverable',
        recoverableDays: 90,
      },
    };
  }

  /** Live Azure lets a disabled key wrap, and an expired one unwrap. */
  use(name: string, wanted: string | undefined, operation: string, request: Request): object {
    const version = this.version(name, wanted);
    const [verb, opening] = verbs[operation] ?? [];
    if (verb === undefined) throw new ServiceError(404, 'NotFound', 'No such operation.');
    if (opening && !version.enabled) {
      throw new ServiceError(
        403,
        'Forbidden',
        `Operation ${verb} is not allowed on a disabled key.`,
        'KeyDisabled',
      );
    }
    if (!opening && ((version.exp ?? Number.POSITIVE_INFINITY) <= now() || (version.nbf ?? 0) > now())) {
      throw new ServiceError(403, 'Forbidden', `Operation ${verb} is not allowed on an expired key.`);
    }
    if (!version.keyOps.includes(verb)) {
      throw new ServiceError(
        403,
        'Forbidden',
        `Operation ${verb} is not permitted on this key.`,
        'KeyOperationForbidden',
      );
    }
    const result = calculate(version.material, operation, request);
    const encoded = Object.entries(result).map(([field, bytes]) => [field, bytes.toString('base64url')]);
    return { kid: `https://${this.host}/keys/${name}/${version.version}`, ...Object.fromEntries(encoded) };
  }
}

const verbs: Readonly<Record<string, readonly [string, boolean]>> = {
  wrapkey: ['wrapKey', false],
  encrypt: ['encrypt', false],
  unwrapkey: ['unwrapKey', true],
  decrypt: ['decrypt', true],
  sign: ['sign', true],
};

function calculate(material: Material, operation: string, request: Request) {
  try {
    if (operation === 'sign') return signDigest(material, request);
    return operation === 'wrapkey' || operation === 'encrypt'
      ? wrapOrEncrypt(material, operation, request)
      : unwrapOrDecrypt(material, operation as 'unwrapkey' | 'decrypt', request);
  } catch {
    throw new ServiceError(400, 'BadParameter', 'The parameter is incorrect.\r\n');
  }
}

function notFound(name: string): ServiceError {
  return new ServiceError(
    404,
    'KeyNotFound',
    `A key with (name/id) ${name} was not found in this key vault.`,
  );
}
