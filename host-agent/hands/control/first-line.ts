const newline = 10;

/**
 * Splits bytes into their first line, as text, and what is behind it. The line is null where the bytes end before it
 * does, or it has more than `maxBytes`. Throws what reading throws.
 */
export const firstLine = async (
  bytes: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<{ line: string | null; rest: AsyncGenerator<Buffer, void> }> => {
  const pieces = bytes[Symbol.asyncIterator]();
  const held: Buffer[] = [];
  let heldBytes = 0;
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) return { line: null, rest: behind(Buffer.alloc(0), pieces) };
    const at = value.indexOf(newline);
    const part = at === -1 ? value : value.subarray(0, at);
    heldBytes += part.length;
    if (heldBytes > maxBytes) return { line: null, rest: behind(Buffer.alloc(0), pieces) };
    held.push(part);
    if (at !== -1) return { line: Buffer.concat(held).toString(), rest: behind(value.subarray(at + 1), pieces) };
  }
};

async function* behind(first: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  if (first.length > 0) yield first;
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) return;
    yield value;
  }
}
