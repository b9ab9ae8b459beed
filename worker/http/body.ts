import type * as z from 'zod';
import { AppError } from '../../shared/errors.ts';
import { parseJson } from '../../shared/json.ts';
import { maxBodyBytes } from '../../shared/limits.ts';
import { maxJsonLevels } from '../../shared/text.ts';
import type { Context } from './context.ts';

/** A mandatory JSON body: 415, 413, 400, 422 as contract §1.4 says. Its texts are well-formed. */
export const jsonBody = <T extends z.ZodType>(c: Context, schema: T): Promise<z.infer<T>> =>
  mandatory(c, schema, wellFormedJson);

/**
 * The same with every text as it was sent: a password that had to be mended is another one, and must not open anything.
 */
export const exactBody = <T extends z.ZodType>(c: Context, schema: T): Promise<z.infer<T>> =>
  mandatory(c, schema, JSON.parse);

type Reading = (text: string) => unknown;

const mandatory = async <T extends z.ZodType>(c: Context, schema: T, reading: Reading): Promise<z.infer<T>> => {
  if (!isJson(c)) {
    throw new AppError('unsupported_type', 'Expected a JSON body: send `Content-Type: application/json`');
  }
  const json = read(await readBody(c.req.raw), reading);
  if (!json.ok) throw new AppError('bad_request', `The request body is not JSON: ${json.reason}`);
  return checked(schema, json.value);
};

/**
 * An optional JSON body (contract §1.4): empty, without a JSON content type or no JSON at all is "no body", because the
 * web app announces JSON and sends nothing. What is JSON is checked like any other body.
 */
export const optionalBody = async <T extends z.ZodType>(c: Context, schema: T): Promise<z.infer<T>> => {
  const bytes = await readBody(c.req.raw);
  const json = isJson(c) ? read(bytes, wellFormedJson) : { ok: false as const };
  return checked(schema, json.ok && json.value !== null ? json.value : {});
};

const isJson = (c: Context): boolean => {
  const type = (c.req.header('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'));
};

/** Reads no more than the limit, whatever `Content-Length` claims. */
const readBody = async (request: Request): Promise<Uint8Array> => {
  if (Number(request.headers.get('Content-Length') ?? 0) > maxBodyBytes) throw tooLarge();
  const reader = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > maxBodyBytes) {
      reader.releaseLock();
      throw tooLarge();
    }
    chunks.push(value);
  }
  return Buffer.concat(chunks);
};

const tooLarge = () => new AppError('too_large', `The request body is larger than ${maxBodyBytes} bytes`);

type Json = { ok: true; value: unknown } | { ok: false; reason: string };

const wellFormedJson = (text: string): unknown =>
  parseJson(text, () => {
    throw new AppError('unprocessable', `Invalid request body: it is nested deeper than ${maxJsonLevels} levels`);
  });

const read = (bytes: Uint8Array, reading: Reading): Json => {
  try {
    return { ok: true, value: reading(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)) };
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    return { ok: false, reason: placeIn(cause) };
  }
};

/**
 * Where the JSON is wrong, as a position only: the message of the JavaScript engine quotes the text, which may hold a
 * key.
 */
const placeIn = (cause: unknown): string =>
  /position \d+|Unexpected end/.exec(cause instanceof Error ? cause.message : '')?.[0] ?? 'it is not well-formed';

const checked = <T extends z.ZodType>(schema: T, value: unknown): z.infer<T> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new AppError(
    'unprocessable',
    `Invalid request body: ${issue?.path.join('.') || 'body'}: ${issue?.message ?? ''}`,
  );
};
