/** One byte of flags, four of length: the gRPC specification, "Length-Prefixed-Message". */
const PREFIX = 5;

/** The one message of a unary call; empty when there is none, as in an answer that is an error. */
export function unframed(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return bytes;
  if (bytes[0] !== 0) throw new Error('the fault proxy does not read compressed gRPC messages');
  return bytes.subarray(PREFIX);
}

export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(PREFIX + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX);
  return frame;
}

/** How many bytes of the frame carry so many bytes of the message. */
export function framedLength(messageBytes: number): number {
  return PREFIX + messageBytes;
}
