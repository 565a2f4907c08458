// What Prometheus reads (text format 0.0.4). No names of clients or models: their number has no bound.

const SECONDS: readonly number[] = [0.005, 0.02, 0.1, 0.25, 1, 5, 30, 120];

interface Counter {
  readonly help: string;
  readonly values: Map<string, number>;
}

export class Metrics {
  readonly #counters: Readonly<Record<string, Counter>> = {
    weightseal_serve_requests_total: counter(
      'Requests that are over, by method, status and version of HTTP.',
    ),
    weightseal_serve_refused_total: counter('Requests and handshakes that were refused or cut, by code.'),
    weightseal_serve_sent_bytes_total: counter('Bytes of bodies that were sent.'),
    weightseal_serve_hashed_bytes_total: counter('Bytes that were read for ETags.'),
    weightseal_serve_connections_total: counter('Connections whose handshake was done.'),
    weightseal_serve_dropped_total: counter('Connections that were dropped before a handshake.'),
  };
  readonly #buckets: number[] = SECONDS.map(() => 0);
  #firstBytes = 0;
  #firstBytesSeconds = 0;
  readonly #gauges: Readonly<Record<string, { help: string; value: () => number }>>;

  constructor(gauges: Readonly<Record<string, { help: string; value: () => number }>>) {
    this.#gauges = gauges;
  }

  count(name: string, by = 1, labels: Readonly<Record<string, string>> = {}): void {
    const { values } = this.#counters[`weightseal_serve_${name}`]!;
    const key = Object.entries(labels)
      .map(([label, value]) => `${label}="${value.replaceAll(/[^\w .-]/g, '_')}"`)
      .join(',');
    values.set(key, (values.get(key) ?? 0) + by);
  }

  /** From the request to the first bytes of its answer. */
  firstByte(ms: number): void {
    this.#firstBytes++;
    this.#firstBytesSeconds += ms / 1000;
    const at = SECONDS.findIndex((most) => ms / 1000 <= most);
    if (at >= 0) this.#buckets[at]!++;
  }

  text(): string {
    const lines: string[] = [];
    for (const [name, { help, values }] of Object.entries(this.#counters)) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`);
      if (values.size === 0) lines.push(`${name} 0`);
      for (const [labels, value] of values)
        lines.push(`${name}${labels === '' ? '' : `{${labels}}`} ${value}`);
    }
    for (const [name, { help, value }] of Object.entries(this.#gauges))
      lines.push(
        `# HELP weightseal_serve_${name} ${help}`,
        `# TYPE weightseal_serve_${name} gauge`,
        `weightseal_serve_${name} ${value()}`,
      );
    return `${[...lines, ...this.#histogram()].join('\n')}\n`;
  }

  #histogram(): string[] {
    const name = 'weightseal_serve_first_byte_seconds';
    let sum = 0;
    return [
      `# HELP ${name} From a request to the first bytes of its answer.`,
      `# TYPE ${name} histogram`,
      ...SECONDS.map((most, at) => {
        sum += this.#buckets[at]!;
        return `${name}_bucket{le="${most}"} ${sum}`;
      }),
      `${name}_bucket{le="+Inf"} ${this.#firstBytes}`,
      `${name}_sum ${this.#firstBytesSeconds}`,
      `${name}_count ${this.#firstBytes}`,
    ];
  }
}

function counter(help: string): Counter {
  return { help, values: new Map() };
}
