/** Which failures a call can have, and which successes: for the OpenAPI document, the typed client and the tests. */
import type { Answer, Route } from './route.ts';

/** By status. */
type Reasons = Partial<Record<number, string>>;

/** What any call can get, whatever it asks (contract §1.4). */
const ofAny: Reasons = {
  403: 'Authentication is off, and the request does not come from this machine',
  500: 'A fault of ours, with a reference to the log',
  503: 'The server is away, or none is enrolled',
};

/** Every failure that a call of this route can have, by status, with its reason: those of its form, then its own. */
export const failuresOf = ({ who, params, query, body, isRepeatable, errors = {} }: Route): Reasons => ({
  ...ofAny,
  ...(params || query ? { 400: 'The path or the query is not understood' } : {}),
  ...(who === 'public' ? {} : { 401: 'The token is missing, wrong or expired' }),
  ...(who === 'resident' ? { 403: 'You have no mission on this server' } : {}),
  ...(who === 'user' || who === 'resident' || who === 'admin'
    ? { 429: 'A quota of yours is used up: the text says which' }
    : {}),
  ...(who === 'admin' ? { 403: 'Only an admin may do this' } : {}),
  ...ofBody(body?.kind),
  ...(isRepeatable ? { 422: 'The body is not of this form, or its Idempotency-Key was used for another' } : {}),
  ...errors,
});

type BodyKind = NonNullable<Route['body']>['kind'];

const ofBody = (kind: BodyKind | undefined): Reasons => {
  const unread = { 413: 'The body is too large', 422: 'The body is not of this form' };
  switch (kind) {
    case 'required':
    case 'exact':
      return { 400: 'The body is not JSON', 415: 'The body is not announced as JSON', ...unread };
    case 'optional':
      return unread;
    case 'form':
      return { 400: 'The form has no file', 413: 'The file is too large', 415: 'It is not a form' };
    case undefined:
      return {};
  }
};

/** The statuses of a call that succeeds. */
export const successesOf = (answer: Answer): Reasons => {
  switch (answer.kind) {
    case 'json':
      return { 200: 'Done' };
    case 'text':
    case 'stream':
      return { 200: answer.about };
    case 'bytes':
      return {
        200: answer.about,
        ...(answer.isFile ? { 206: 'The part of it that was asked for', 304: 'The client has it already' } : {}),
      };
    case 'socket':
      return { 101: answer.about };
    case 'refused':
      return {};
  }
};
