import { randomBytes } from 'node:crypto';

export const LOGIN_HOST = 'login.microsoftonline.com';
export const TENANT = '3f0f5b5e-6c1d-4f1c-9d43-7a1b1f6f2b11';

export interface Identity {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The operations that it may do, on every key. */
  readonly may: readonly string[];
}

interface Token {
  readonly identity: Identity;
  readonly audience: string;
}

/** The token endpoint of one tenant. */
export class Entra {
  readonly identities: Identity[] = [];
  readonly tokens: Map<string, Token> = new Map<string, Token>();
  /** Seconds for which new tokens last. */
  lifetime = 3600;

  register(may: readonly string[]): Identity {
    const clientSecret = randomBytes(30).toString('base64url');
    const identity = { clientId: crypto.randomUUID(), clientSecret, may };
    this.identities.push(identity);
    return identity;
  }

  answer(path: string, body: URLSearchParams): readonly [number, object] {
    const base = `https://${LOGIN_HOST}/${TENANT}`;
    if (path === `/${TENANT}/v2.0/.well-known/openid-configuration`) {
      return [
        200,
        {
          issuer: `${base}/v2.0`,
          token_endpoint: `${base}/oauth2/v2.0/token`,
          authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
          jwks_uri: `${base}/discovery/v2.0/keys`,
        },
      ];
    }
    if (path !== `/${TENANT}/oauth2/v2.0/token`)
      return [404, { error: 'not_found', error_description: path }];
    const identity = this.identities.find((one) => one.clientId === body.get('client_id'));
    if (identity === undefined || body.get('client_secret') !== identity.clientSecret) {
      const error_description = 'AADSTS7000215: Invalid client secret provided.';
      return [401, { error: 'invalid_client', error_description, error_codes: [7000215] }];
    }
    const [, audience] = /(?:^| )(https:\/\/\S+)\/\.default/.exec(body.get('scope') ?? '') ?? [];
    if (body.get('grant_type') !== 'client_credentials' || audience === undefined) {
      return [400, { error: 'invalid_request', error_description: 'AADSTS900144' }];
    }
    const token = [
      'eyJhbGciOiJSUzI1NiJ9',
      randomBytes(90).toString('base64url'),
      randomBytes(60).toString('base64url'),
    ].join('.');
    this.tokens.set(token, { identity, audience });
    return [
      200,
      { token_type: 'Bearer', access_token: token, expires_in: this.lifetime, ext_expires_in: this.lifetime },
    ];
  }
}
