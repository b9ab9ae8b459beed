// Whether what the API answered is what its route is declared to answer (shared/routes): every test that calls it asks
// this.
import { failuresOf, successesOf } from '../../shared/routes/failures.ts';
import type { Answer, Route } from '../../shared/routes/route.ts';
import { declaredRoute } from '../../worker/http/declared.ts';

export interface Said {
  status: number;
  type: string;
  /** Missing as long as it was not read. */
  text?: string;
}

/**
 * Throws where what a call of this path got is not what its route is declared to answer; of paths without a route it
 * knows nothing.
 */
export const checkAnswer = (method: string, sent: string, { status, type, text }: Said): void => {
  const path = new URL(`http://edge${sent}`).pathname.replace(/\/{2,}/g, '/');
  const route = declaredRoute(method, path);
  if (!route) return;
  const wrong =
    wrongHead(route, status, type) ?? (text === undefined || method === 'HEAD' ? null : wrongText(route, status, text));
  if (wrong === null) return;
  throw new Error(`${method} ${path} answered ${status}, which is not as ${route.path} is declared: ${wrong}`);
};

/** The response itself, whose text is checked as soon as it is read; the rest is at once. */
export const asDeclared = (method: string, url: string, response: Response): Response => {
  const said = { status: response.status, type: response.headers.get('content-type') ?? '' };
  const path = new URL(url).pathname;
  checkAnswer(method, path, said);
  const read = response.text.bind(response);
  const checkedText = async (): Promise<string> => {
    const text = await read();
    checkAnswer(method, path, { ...said, text });
    return text;
  };
  return Object.assign(response, { text: checkedText, json: async () => JSON.parse(await checkedText()) });
};

/** Calls the API; the answer has to be as declared. */
export const apiFetch = async (url: string, init: RequestInit = {}): Promise<Response> =>
  asDeclared(init.method ?? 'GET', url, await fetch(url, init));

const isText = (type: string): boolean => /^text\/plain; ?charset=utf-8$/i.test(type);

const wrongHead = (route: Route, status: number, type: string): string | null => {
  if (status in successesOf(route.answer)) return wrongType(route.answer, status, type);
  if (!(status in failuresOf(route))) return 'this status is not declared';
  // Only an edge without a launcher says nothing: there is no such path then.
  if (isText(type) || (route.who === 'launcher' && status === 404)) return null;
  return `a failure is plain text, not "${type}"`;
};

const wrongType = (answer: Answer, status: number, type: string): string | null => {
  switch (answer.kind) {
    case 'json':
      return type.startsWith('application/json') ? null : `JSON is "${type}"`;
    case 'text':
      return isText(type) ? null : `text is "${type}"`;
    case 'stream':
      return type.startsWith('text/event-stream') ? null : `a stream is "${type}"`;
    case 'bytes':
      return status === 304 || answer.type === '*/*' || type.startsWith(answer.type) ? null : `it is "${type}"`;
    case 'socket':
    case 'refused':
      return null;
  }
};

const wrongText = ({ answer }: Route, status: number, text: string): string | null => {
  if (status >= 400) return text.trim() === '' && status !== 404 ? 'a failure without a text' : null;
  if (answer.kind !== 'json') return null;
  const given: unknown = JSON.parse(text);
  const parsed = answer.schema.safeParse(given);
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => `${['body', ...path].join('.')}: ${message}`).join('; ');
  // Schemas leave out what they do not know.
  return undeclared(given, parsed.data, 'body');
};

/** The first place of `given` that is not in `known`; null where there is none. */
const undeclared = (given: unknown, known: unknown, at: string): string | null => {
  if (typeof given !== 'object' || given === null || typeof known !== 'object' || known === null)
    return Object.is(given, known) ? null : `${at} is not declared as it is`;
  for (const [name, value] of Object.entries(given)) {
    const there = Object.getOwnPropertyDescriptor(known, name);
    const found = there ? undeclared(value, there.value, `${at}.${name}`) : `${at}.${name} is not declared`;
    if (found !== null) return found;
  }
  return null;
};
