import type {
  InventoryConfiguration,
  PublicAccessBlockConfiguration,
  ServerSideEncryptionRule,
} from '@aws-sdk/client-s3';
import { isWeightsealError } from '@weightseal/core';
import { type Answers, type Operation, READS } from './answers.js';
import type { Clients } from './clients.js';
import { type Said, Unread } from './failures.js';
import { KeyFacts } from './key-facts.js';
import type { S3AuditOptions } from './options.js';
import type { Policy } from './policy/document.js';
import { parsePolicy } from './policy/parse.js';
import { partitionOf } from './policy/partition.js';
import { type Sends, sending } from './send.js';

/** Of a hundred configurations each. */
const MAX_PAGES = 10;

/** Is given each command that reads the bucket, before it is sent. */
type Watch = (command: object, operation: Operation) => void;

/** What there is to know of one bucket. Each thing is read when it is first asked for, and once. */
export class Facts {
  readonly bucket: string;
  readonly uri: string;
  readonly options: S3AuditOptions;
  readonly keys: KeyFacts;
  readonly #clients: Clients;
  readonly #send: Sends;
  readonly #watch: Watch;
  readonly #read = new Map<string, Promise<unknown>>();

  constructor(bucket: string, options: S3AuditOptions, clients: Clients, watch: Watch = () => {}) {
    this.#watch = watch;
    this.bucket = bucket;
    this.uri = `s3://${bucket}`;
    this.options = options;
    this.#clients = clients;
    this.#send = sending(options);
    this.keys = new KeyFacts(options, clients, this.#send);
  }

  /** The answer, or undefined where the bucket has nothing of the kind. @throws Unread, and what ends the audit */
  read<K extends Operation>(operation: K, more: object = {}): Promise<Answers[K] | undefined> {
    return this.#once(`${operation} ${JSON.stringify(more)}`, () => {
      const [permission, absent] = READS[operation];
      const make = async () => {
        const { sdk, client } = await this.#clients.s3();
        const command = this.#command(sdk[`${operation}Command`], more);
        this.#watch(command, operation);
        return [client, command] as const;
      };
      const asked = { operation, permission, of: this.uri, owner: this.options.bucketOwner };
      return this.#send<Answers[K]>(asked, make, ({ name }) => name === absent);
    });
  }

  /** Whether somebody without credentials is answered. He does not say whose it is: a wrong account would be refused, and that prove nothing. @throws Unread for what is neither yes nor no */
  async isOpen(operation: 'ListObjectsV2' | 'HeadObject', more: object): Promise<boolean> {
    const asked = { operation: `an anonymous ${operation}`, permission: 'nothing', of: this.uri };
    // 400: what AWS KMS encrypts is never given to an unsigned request.
    const isRefused = ({ status }: Said): boolean =>
      status === 401 || status === 403 || (status === 400 && operation === 'HeadObject');
    const make = async () => {
      const { sdk, client } = await this.#clients.anonymous();
      return [client, command(sdk[`${operation}Command`], { Bucket: this.bucket, ...more })] as const;
    };
    return (await this.#send(asked, make, isRefused)) !== undefined;
  }

  async encryption(): Promise<ServerSideEncryptionRule | undefined> {
    const answer = await this.read('GetBucketEncryption');
    return answer?.ServerSideEncryptionConfiguration?.Rules?.find(
      ({ ApplyServerSideEncryptionByDefault: told }) => told !== undefined,
    );
  }

  async policy(): Promise<Policy | undefined> {
    return this.#once('policy', async () => {
      const answer = await this.read('GetBucketPolicy');
      if (answer === undefined) return undefined;
      const { Policy: text } = answer;
      if (!text) throw new Unread('The policy that was answered is empty. Check the endpoint and proxies.');
      try {
        return parsePolicy(text);
      } catch (error) {
        // It is a stranger's text: what is wrong with it ends no audit.
        throw isWeightsealError(error) ? new Unread(error.message) : error;
      }
    });
  }

  async block(): Promise<PublicAccessBlockConfiguration | undefined> {
    return (await this.read('GetPublicAccessBlock'))?.PublicAccessBlockConfiguration;
  }

  /** Of the whole account. */
  accountBlock(): Promise<PublicAccessBlockConfiguration | undefined> {
    return this.#once('account block', async () => {
      const { bucketOwner } = this.options;
      if (bucketOwner === undefined)
        throw new Unread('The account of the bucket is not known; `bucketOwner` tells it.');
      const asked = {
        operation: 'GetPublicAccessBlock',
        permission: 's3:GetAccountPublicAccessBlock',
        of: `the account ${bucketOwner}`,
      };
      const answer = await this.#send<
        Pick<Answers['GetPublicAccessBlock'], 'PublicAccessBlockConfiguration'>
      >(
        asked,
        async () => {
          const { sdk, client } = await this.#clients.s3Control();
          return [client, new sdk.GetPublicAccessBlockCommand({ AccountId: bucketOwner })];
        },
        ({ name }) => name === READS.GetPublicAccessBlock[1],
      );
      return answer?.PublicAccessBlockConfiguration;
    });
  }

  async region(): Promise<string> {
    const { LocationConstraint: told } = (await this.read('GetBucketLocation')) ?? {};
    // S3's oldest two regions have names of their own here.
    return told === 'EU' ? 'eu-west-1' : told || 'us-east-1';
  }

  /** For the policy: by the region that is told or configured, which the bucket is in or near; else by its own. @throws Unread */
  async arn(): Promise<string> {
    const region = this.options.region ?? (await this.#configured()) ?? (await this.region());
    return `arn:${partitionOf(region)}:s3:::${this.bucket}`;
  }

  async #configured(): Promise<string | undefined> {
    const { client } = await this.#clients.s3();
    // A client of somebody else's has none, or not this.
    const { region } = (client as { config?: { region?: unknown } }).config ?? {};
    try {
      const told: unknown = typeof region === 'function' ? await (region as () => unknown)() : region;
      return typeof told === 'string' && told !== '' ? told : undefined;
    } catch {
      // Whatever it is, the request for the bucket's own region meets it too.
      return undefined;
    }
  }

  async inventories(): Promise<readonly InventoryConfiguration[]> {
    const all: InventoryConfiguration[] = [];
    let token: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const more = token === undefined ? {} : { ContinuationToken: token };
      const answer = await this.read('ListBucketInventoryConfigurations', more);
      all.push(...(answer?.InventoryConfigurationList ?? []));
      token = answer?.IsTruncated === true ? answer.NextContinuationToken : undefined;
      if (token === undefined) return all;
    }
    throw new Unread(`Of the inventories of ${this.uri} only ${all.length} were read, and there are more.`);
  }

  #command(Command: unknown, more: object): object {
    const { bucketOwner } = this.options;
    const owner = bucketOwner === undefined ? {} : { ExpectedBucketOwner: bucketOwner };
    return command(Command, { Bucket: this.bucket, ...owner, ...more });
  }

  #once<T>(name: string, read: () => Promise<T>): Promise<T> {
    const begun = (this.#read.get(name) as Promise<T> | undefined) ?? read();
    this.#read.set(name, begun);
    return begun;
  }
}

function command(Command: unknown, input: object): object {
  return new (Command as new (given: object) => object)(input);
}
