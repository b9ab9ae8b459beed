/**
 * How a route of the HTTP API is declared: once, here, with everything that is true of it. The gate, the 405s, the list
 * of routes, the OpenAPI document, the typed client and the tests all read these declarations; nothing of them is
 * written a second time.
 */
import type * as z from 'zod';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Who may. `public`: everybody. `user`: whoever is logged in; what is somebody's is shown to nobody else. `resident`: a
 * user who has a mission on the server that it is about, or an admin. `admin`: a user who may change what others depend
 * on. `host`: a server, by the credential of its enrolment. `launcher`: the process that started this edge, by a token
 * that only it knows.
 */
export type Who = 'public' | 'user' | 'resident' | 'admin' | 'host' | 'launcher';

/** What a call that succeeds gets. Failures are always one line of plain text (contract §1.4). */
export type Answer =
  | { kind: 'json'; schema: z.ZodType }
  | { kind: 'text'; about: string }
  /** Bytes of this type. Of a file a part can be asked for, and conditions are kept (RFC 9110 §13, §14). */
  | { kind: 'bytes'; type: string; about: string; isFile?: true }
  | { kind: 'stream'; about: string }
  /** A WebSocket: dialled by GET, and proven by the subprotocol `jwt.<token>` where a browser dials (contract §7.1). */
  | { kind: 'socket'; about: string }
  /** This version has nothing to give: whoever calls it is told so. */
  | { kind: 'refused'; about: string };

/**
 * A JSON body that has to be there, one of which every text is taken as it was sent (in others half a surrogate pair is
 * mended, and a mended password would be another one), one that may be missing (contract §1.4), or a form with a file,
 * which is passed on unread.
 */
export type Body =
  | { kind: 'required'; schema: z.ZodType }
  | { kind: 'exact'; schema: z.ZodType }
  | { kind: 'optional'; schema: z.ZodType }
  | { kind: 'form'; about: string };

export interface Route {
  method: Method;
  /** As the router spells it: `:name` is one segment, `:name{.+}` the rest. */
  path: `/${string}`;
  /** One line for people: what the call does. */
  summary: string;
  who: Who;
  /** What a user who is no admin is told. */
  refusal?: string;
  /** Checked before the query, and the query before the body. */
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: Body;
  /** Sent again with the same `Idempotency-Key` it is the same call (protocol §4). */
  isRepeatable?: true;
  answer: Answer;
  /** Expected failures beside those that its form brings with it (failures.ts), with their reasons. */
  errors?: Partial<Record<400 | 401 | 403 | 404 | 409 | 410 | 412 | 413 | 416 | 422 | 429 | 502 | 503, string>>;
}

/** A declaration as it stands, with its exact types. */
export const route = <const R extends Route>(declared: R): R => declared;

export const json = <T extends z.ZodType>(schema: T) => ({ kind: 'json', schema }) as const;
export const required = <T extends z.ZodType>(schema: T) => ({ kind: 'required', schema }) as const;
export const exactly = <T extends z.ZodType>(schema: T) => ({ kind: 'exact', schema }) as const;
export const optionally = <T extends z.ZodType>(schema: T) => ({ kind: 'optional', schema }) as const;

type Parsed<T, Missing> = T extends z.ZodType ? z.output<T> : Missing;

/** What a handler gets of a request, checked. */
export interface Input<R extends Route> {
  params: Parsed<R['params'], Record<never, never>>;
  query: Parsed<R['query'], Record<never, never>>;
  body: R['body'] extends { schema: infer S } ? Parsed<S, undefined> : undefined;
}

/** What a handler gives back where the answer is JSON: before it is written. */
export type Output<R extends Route> = R['answer'] extends { kind: 'json'; schema: infer S extends z.ZodType }
  ? z.input<S>
  : never;
