/** The JSON API of an edge, as the commands of a person call it. */

import createClient, { type Client } from 'openapi-fetch';
import * as z from 'zod';
import { systemClock } from '../../shared/clock.ts';
import type { Paths } from '../../shared/routes/paths.ts';
import { beginningOf } from '../../shared/text.ts';
import { StartError } from '../config/start-error.ts';

/** An edge that takes longer is as good as away. */
const answerMs = 10_000;

/** An edge that did not answer, or not understandably: nobody knows what became of the request. */
export class NoAnswer extends StartError {
  /** Of the answer; undefined when nothing came back at all. */
  readonly status: number | undefined;
  /** There was a connection, and it was lost on the way: the same request may well succeed at once. */
  readonly wasCut: boolean;

  constructor(message: string, { status, wasCut = false }: { status?: number; wasCut?: boolean } = {}) {
    super(message);
    this.status = status;
    this.wasCut = wasCut;
  }
}

/** An edge that understood and said no, in its own words. */
export class Refused extends StartError {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A call of the typed client below. */
type Call = Promise<{ data?: unknown }>;

/**
 * The typed client of the edge at `url`: what is sent is held against the declared routes when this is compiled. Its
 * calls throw NoAnswer when there is no answer to be had, Refused when the edge says no.
 */
export const edgeClient = (url: string, token: string | null = null): Client<Paths> =>
  createClient<Paths>({
    baseUrl: url,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    fetch: async (request) => {
      let response: Response;
      let text: string;
      try {
        response = await fetch(request, { signal: AbortSignal.timeout(answerMs) });
        text = await response.text();
      } catch (error) {
        throw unreachable(url, error);
      }
      refuse(url, response.status, text);
      if (!isJson(text)) throw new NoAnswer(notOurs(url, otherShape));
      return new Response(text, { headers: { 'content-type': 'application/json' } });
    },
  });

/**
 * What a call got, by the schema of what is read of it: the edge may be of another version, so the compiler's word is
 * not enough.
 */
export const dataOf = async <T>(url: string, schema: z.ZodType<T>, call: Call): Promise<T> => {
  const parsed = schema.safeParse((await call).data);
  if (parsed.success) return parsed.data;
  throw new NoAnswer(notOurs(url, otherShape));
};

/** Makes a repeated call the same one. */
export const repeatable = (key: string) => ({ header: { 'Idempotency-Key': key } });

const otherShape = 'an answer of another shape';

/** What a failed `fetch` says about the edge at `url`. */
export const unreachable = (url: string, error: unknown): NoAnswer =>
  new NoAnswer(`The edge at ${url} does not answer: ${reasonOf(error)}. Check the address, and that the edge runs.`, {
    wasCut: cutCodes.has(codeOf(error) ?? ''),
  });

/** Throws what an answer of 400 and above means: Refused, or NoAnswer where the edge can't do its work. */
export const refuse = (url: string, status: number, text: string): void => {
  if (status >= 500) {
    throw new NoAnswer(`The edge at ${url} can't do this now (${status}): ${beginningOf(text, 300)}`, { status });
  }
  if (status >= 400) throw new Refused(status, text === '' ? notOurs(url, `${status}`) : text);
};

/** Of the kernel, and of Node's `fetch`. */
const cutCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** The system's name of what went wrong, at whatever depth `fetch` has put it. */
const codeOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  return 'code' in error && typeof error.code === 'string' ? error.code : codeOf(error.cause);
};

const health = z.object({
  version: z.string(),
  auth_required: z.boolean(),
  auth_mode: z.enum(['disabled', 'single_tenant', 'multi_user']),
  link_protocol: z.number(),
  time: z.iso.datetime(),
});
export type EdgeHealth = z.infer<typeof health> & {
  /** How far this machine's clock is ahead of the edge's, in milliseconds; as exact as the answer was quick. */
  clockAheadMs: number;
};

/** What an edge says of itself to everyone. */
export const edgeHealth = async (url: string): Promise<EdgeHealth> => {
  const askedAt = systemClock.now();
  const answer = await dataOf(url, health, edgeClient(url).GET('/api/health'));
  const middle = (askedAt + systemClock.now()) / 2;
  return { ...answer, clockAheadMs: Math.round(middle - Date.parse(answer.time)) };
};

const notOurs = (url: string, what: string) =>
  `${url} answers with ${what}: this is not an Open Agent edge, or one of another version. Check the address.`;

/** The last cause is the one that names the matter: a refused connection, an unknown name, a certificate. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing within ${answerMs / 1000} s`;
  return error.cause === undefined ? error.message : reasonOf(error.cause);
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
