/** The JSON API of an edge, as the commands of a person call it. */
import { z } from 'zod';
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

export interface Request {
  method?: 'GET' | 'POST' | 'DELETE';
  body?: object;
  token?: string | null;
  /** Makes a repeated request the same one (`Idempotency-Key`). */
  key?: string;
}

/**
 * Calls `path` of the edge at `url` and reads the answer by `schema`. Throws NoAnswer when there is none to be had, Refused when the
 * edge says no.
 */
export const callEdge = async <T>(
  url: string,
  path: string,
  schema: z.ZodType<T>,
  request: Request = {},
): Promise<T> => {
  const { method = 'GET', body, token, key } = request;
  const headers = {
    ...(body ? { 'content-type': 'application/json' } : {}),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(key ? { 'idempotency-key': key } : {}),
  };
  let status: number;
  let text: string;
  try {
    const signal = AbortSignal.timeout(answerMs);
    const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body), signal });
    status = response.status;
    text = await response.text();
  } catch (error) {
    throw unreachable(url, error);
  }
  refuse(url, status, text);
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new NoAnswer(notOurs(url, 'an answer of another shape'));
};

/** What a failed `fetch` says about the edge at `url`. */
export const unreachable = (url: string, error: unknown): NoAnswer =>
  new NoAnswer(`The edge at ${url} does not answer: ${reasonOf(error)}. Check the address, and that the edge runs.`, {
    wasCut: cutCodes.has(codeOf(error) ?? ''),
  });

/** Throws what an answer of 400 and above means: Refused, or NoAnswer where the edge can't do its work. */
export const refuse = (url: string, status: number, text: string): void => {
  if (status >= 500) {
    throw new NoAnswer(`The edge at ${url} can't do this now (${status}): ${text.slice(0, 300)}`, { status });
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
  const askedAt = Date.now();
  const answer = await callEdge(url, '/api/health', health);
  const middle = (askedAt + Date.now()) / 2;
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

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: the schema that checks the value refuses undefined.
  }
};
