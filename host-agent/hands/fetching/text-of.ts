import { isUtf8 } from 'node:buffer';
import type { Fetched } from './get.ts';

/** Where a page says its own encoding, which has to be near the beginning. */
const beginBytes = 1024;

/** What came, as text. Null for what is no text. */
export const textOf = ({ mime, charset, bytes }: Fetched): string | null => {
  const begin = bytes.subarray(0, beginBytes).toString('latin1');
  if (!isTextual(mime) && !(mime === '' || mime === 'application/octet-stream' ? looksLikeText(bytes) : false))
    return null;
  const inside = mime.includes('html') || mime.includes('xml') ? encodingIn(begin) : undefined;
  return decoderFor(charset ?? inside).decode(bytes);
};

export const isHtml = ({ mime }: Fetched): boolean => mime === 'text/html' || mime === 'application/xhtml+xml';

const isTextual = (mime: string): boolean =>
  /^text\/|[/+](json|xml|yaml|toml|javascript|ecmascript|typescript|graphql|sql|x-sh)$|json|ndjson|x-www-form-urlencoded/.test(
    mime,
  );

const looksLikeText = (bytes: Buffer): boolean => isUtf8(bytes) && !bytes.includes(0);

const encodingIn = (begin: string): string | undefined =>
  /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(begin)?.[1] ??
  /<\?xml[^>]+encoding\s*=\s*["']([\w-]+)/i.exec(begin)?.[1];

/** An encoding that nobody knows is read as the usual one. */
const decoderFor = (label: string | undefined): InstanceType<typeof TextDecoder> => {
  try {
    return new TextDecoder(label ?? 'utf-8');
  } catch {
    return new TextDecoder();
  }
};
