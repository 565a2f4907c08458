/**
 * Works on some items ahead of whoever takes what comes of them, in their order. However many there are, no more than these are held.
 * @hidden
 */
export async function* inOrder<T, U>(
  items: AsyncIterable<T>,
  ahead: number,
  work: (item: T) => Promise<U>,
): AsyncGenerator<U, void, undefined> {
  const underWay: Promise<U>[] = [];
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (let over = false; !over || underWay.length > 0; ) {
      while (!over && underWay.length < ahead) {
        const { value, done } = await iterator.next();
        over = done === true;
        if (over) break;
        const working = work(value);
        // Whoever awaits it sees that it failed.
        working.catch(() => {});
        underWay.push(working);
      }
      if (underWay.length > 0) yield await underWay.shift()!;
    }
  } finally {
    await iterator.return?.();
    await Promise.allSettled(underWay);
  }
}
