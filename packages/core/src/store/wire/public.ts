import type { Wire, WireOptions } from './wire.js';

/** Reads over HTTP, for packages of stores; loaded when something is asked. @hidden */
export async function openWire(options: WireOptions = {}): Promise<Wire> {
  const { Wire } = await import('./wire.js');
  return new Wire(options);
}
