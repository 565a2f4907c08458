import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const AEADS: Readonly<Record<string, string>> = {
  'aes256-gcm96': 'aes-256-gcm',
  'chacha20-poly1305': 'chacha20-poly1305',
};

/** What Transit answers with status 400. */
export class Refused extends Error {}

export interface KeySettings {
  readonly type: string;
  readonly derived: boolean;
  readonly exportable: boolean;
  readonly allow_plaintext_backup: boolean;
}

/** A key of the Transit engine: its versions, its settings, and its ciphers, for real. */
export class FakeKey {
  readonly name: string;
  readonly settings: KeySettings;
  readonly versions: { readonly secret: Buffer; readonly made: number }[] = [];
  /** Vault before 1.13 knows no associated data, and says nothing. */
  knowsAssociatedData = true;
  minDecryptionVersion = 1;
  autoRotateSeconds = 0;
  softDeleted = false;
  deletionAllowed = false;

  constructor(name: string, settings: Partial<KeySettings> = {}) {
    const usual = {
      type: 'aes256-gcm96',
      derived: false,
      exportable: false,
      allow_plaintext_backup: false,
    };
    this.name = name;
    this.settings = { ...usual, ...settings };
    this.rotate();
  }

  rotate(): void {
    this.versions.push({ secret: randomBytes(32), made: 1_700_000_000 + this.versions.length });
  }

  encrypt(plaintext: Buffer, associatedData: string | undefined, context: string | undefined): string {
    const [cipher, aad] = this.#cipher(associatedData);
    const nonce = randomBytes(NONCE_BYTES);
    const version = this.versions.length;
    const sealing = createCipheriv(cipher, this.#secret(version, context), nonce, {
      authTagLength: TAG_BYTES,
    });
    sealing.setAAD(aad, { plaintextLength: plaintext.length });
    const parts = [nonce, sealing.update(plaintext), sealing.final(), sealing.getAuthTag()];
    return `vault:v${version}:${Buffer.concat(parts).toString('base64')}`;
  }

  decrypt(ciphertext: string, associatedData: string | undefined, context: string | undefined): Buffer {
    const [cipher, aad] = this.#cipher(associatedData);
    if (!ciphertext.startsWith('vault:v')) throw new Refused('invalid ciphertext: no prefix');
    const [number = '', ...fields] = ciphertext.slice('vault:v'.length).split(':');
    if (fields.length !== 1) throw new Refused('invalid ciphertext: wrong number of fields');
    // As Vault has it: what its first version wrote has version 0.
    const version = Number(number) || 1;
    if (version > this.versions.length) throw new Refused('invalid ciphertext: version is too new');
    if (version < this.minDecryptionVersion) {
      throw new Refused('ciphertext or signature version is disallowed by policy (too old)');
    }
    const bytes = Buffer.from(fields[0]!, 'base64');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Refused('invalid ciphertext length');
    const secret = this.#secret(version, context);
    const opening = createDecipheriv(cipher, secret, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    opening.setAAD(aad, { plaintextLength: bytes.length - NONCE_BYTES - TAG_BYTES });
    opening.setAuthTag(bytes.subarray(-TAG_BYTES));
    const plaintext = opening.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    try {
      return Buffer.concat([plaintext, opening.final()]);
    } catch {
      throw new Refused('cipher: message authentication failed');
    }
  }

  /** As `GET keys/<name>` tells it. */
  describe(): object {
    const versions = this.versions.map(({ made }, i) => [i + 1, made] as const);
    return {
      ...this.settings,
      name: this.name,
      auto_rotate_period: this.autoRotateSeconds,
      deletion_allowed: this.deletionAllowed,
      imported_key: false,
      keys: Object.fromEntries(versions.filter(([version]) => version >= this.minDecryptionVersion)),
      latest_version: this.versions.length,
      min_available_version: 0,
      min_decryption_version: this.minDecryptionVersion,
      min_encryption_version: 0,
      soft_deleted: this.softDeleted,
    };
  }

  /** Both ciphers take the same options; the types know them one by one. */
  #cipher(associatedData: string | undefined): ['aes-256-gcm', Buffer] {
    const { type } = this.settings;
    if (this.softDeleted) throw new Refused('refusing to use soft-deleted key');
    const aead = AEADS[type] as 'aes-256-gcm' | undefined;
    if (aead === undefined && associatedData !== undefined) {
      throw new Refused(`'[0].associated_data' provided for non-AEAD cipher suite ${type}`);
    }
    if (aead === undefined) throw new Refused(`message encryption not supported for key type ${type}`);
    return [aead, Buffer.from((this.knowsAssociatedData && associatedData) || '', 'base64')];
  }

  #secret(version: number, context: string | undefined): Buffer {
    const { secret } = this.versions[version - 1]!;
    if (!this.settings.derived) return secret;
    if (context === undefined)
      throw new Refused("missing 'context' for key derivation; the key was created …");
    return createHmac('sha256', secret).update(context).digest();
  }
}
