/** The longest header that is looked at: a file system takes names of 255 bytes, and parsers headers of 80 KB. */
const maxHeaderBytes = 128 * 1024;
const headerEnd = '\r\n\r\n';

/** Half a surrogate pair as bytes, in Latin-1: no UTF-8 (RFC 3629 §3), so that each byte would be decoded by itself. */
const halfPair = /\xed[\xa0-\xbf][\x80-\xbf]/g;
/** U+FFFD in UTF-8, in Latin-1, as everywhere (shared/text.ts). */
const replacement = '\xef\xbf\xbd';

/**
 * The same multipart body, whose first part has a header that is well-formed: one U+FFFD in its file name stands for
 * half a surrogate pair, which would become three. The content passes as it is.
 */
export async function* withWellFormedHeader(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: string | null = '';
  for await (const piece of body) {
    if (held === null) {
      yield piece;
      continue;
    }
    held += Buffer.from(piece).toString('latin1');
    const end = held.indexOf(headerEnd);
    if (end === -1 && held.length < maxHeaderBytes) continue;
    const header = end === -1 ? held.length : end;
    yield Buffer.from(held.slice(0, header).replace(halfPair, replacement) + held.slice(header), 'latin1');
    held = null;
  }
  if (held) yield Buffer.from(held, 'latin1');
}
