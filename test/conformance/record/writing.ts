// One exchange as text: what was asked, the status, the headers, the body.
import { appendFileSync } from 'node:fs';
import { type Answered, type Asked, exchange } from './exchange.ts';
import type { Masking } from './mask.ts';
import { recordFile } from './setting.ts';

/** Of the connection, not of the answer. */
const ofConnection = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding', 'sec-websocket-accept']);
const shownBytes = 400;
/** Only a page of documents is longer. */
const longestBody = 60_000;

export const write = (text: string): void => appendFileSync(recordFile, `${text.replaceAll('\0', '\\0')}\n`);

/** Sends it and writes down both; `who` says as whom. */
export const record = async (asked: Asked, who: string, mask: Masking): Promise<Answered> => {
  const { authorization: _, ...shown } = asked.headers ?? {};
  const head = `${asked.method} ${asked.path.slice(0, shownBytes)} as ${who} ${JSON.stringify(shown)} ${shownBody(asked.body)}`;
  try {
    const answered = await exchange(asked);
    write(mask(`## ${head}\n${shownAnswer(answered)}`));
    return answered;
  } catch (cause) {
    write(mask(`## ${head}\nno answer: ${String(cause)}`));
    return { status: 0, headers: [], body: '' };
  }
};

const shownBody = (body: Asked['body']): string => {
  if (body === undefined) return '';
  if (body instanceof FormData) return 'a form';
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('latin1');
  return text.length > shownBytes ? `${text.slice(0, 40)}… ${text.length}` : text;
};

const shownAnswer = ({ status, headers, body }: Answered): string =>
  [
    String(status),
    ...headers
      .filter(([name]) => !ofConnection.has(name))
      .map(([name, value]) => `${name}: ${shownHeader(name, value)}`),
    body.length > longestBody ? `${body.slice(0, shownBytes)}… ${body.length}` : body,
  ].join('\n');

const shownHeader = (name: string, value: string): string => {
  if (name === 'content-length') return value === '0' ? '0' : 'n';
  // Their shape.
  if (name === 'etag') return value.replaceAll(/[0-9a-z]+/g, 'x');
  return name === 'last-modified' ? value.replaceAll(/[A-Z][a-z]{2}\b(?!T)/g, 'Xxx').replaceAll(/\d/g, '0') : value;
};
