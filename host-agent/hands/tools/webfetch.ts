import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, wait } from '../../../shared/clock.ts';
import { cutText } from '../../../shared/text.ts';
import { type Ask, notGranted, type Outcome } from '../call/outcome.ts';
import { makeTool, type Situation, type Tool } from '../call/tool.ts';
import { toCharacter } from '../commands/live.ts';
import { modelCut } from '../commands/shown.ts';
import { declaredWebfetch, declaredWorkspaceFetchUrl } from '../declared/webfetch.ts';
import { type Fetched, get, httpUrl } from '../fetching/get.ts';
import type { Page } from '../fetching/html.ts';
import { isHtml, textOf } from '../fetching/text-of.ts';
import { fitView } from './fit-view.ts';

/** A server that has not sent it all by then is broken for an agent. */
const usualTimeoutSeconds = 60;
/** What models can look at. */
const shownImages = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

const accepts = {
  markdown: 'text/markdown, text/x-markdown;q=0.9, text/plain;q=0.8, text/html;q=0.7, */*;q=0.1',
  text: 'text/plain, text/markdown;q=0.9, text/html;q=0.8, */*;q=0.1',
  html: 'text/html, application/xhtml+xml;q=0.9, text/plain;q=0.8, text/markdown;q=0.7, */*;q=0.1',
} as const;
type Format = keyof typeof accepts;

/** `webfetch`: an address by GET, as a model can read it. */
export const webfetchTool: Tool = makeTool(declaredWebfetch, ({ url, format, timeout }, situation) =>
  fetchFor(situation, { permission: 'webfetch', url, format, timeoutSeconds: timeout ?? usualTimeoutSeconds }),
);

/** `workspace_fetch_url`: the contract's tool (§8.10). */
export const workspaceFetchUrlTool: Tool = makeTool(declaredWorkspaceFetchUrl, ({ url }, situation) =>
  fetchFor(situation, {
    permission: 'workspace_fetch_url',
    url,
    format: 'text',
    timeoutSeconds: usualTimeoutSeconds,
    maxChars: 20_000,
  }),
);

interface Wanted {
  permission: Ask['permission'];
  url: string;
  format: Format;
  timeoutSeconds: number;
  /** What is longer goes into a file; what OpenCode shows if absent. */
  maxChars?: number;
}

const fetchFor = async (situation: Situation, wanted: Wanted): Promise<Outcome> => {
  const { permission, url: text, format, timeoutSeconds } = wanted;
  const first = httpUrl(text);
  const askFor = (url: string): Ask => ({
    permission,
    patterns: [url],
    always: ['*'],
    metadata: { url, format, timeout: timeoutSeconds },
  });
  const missing = notGranted([askFor(text)], situation.granted);
  if (missing.length > 0) return { kind: 'asks', asks: missing };

  const fetched = await get(first, {
    accept: accepts[format],
    timeoutMs: timeoutSeconds * 1000,
    signal: situation.signal,
    // Another server is another question; a rule or a person may allow the one and not the other.
    mayAsk: (next) => next.host === first.host || notGranted([askFor(next.href)], situation.granted).length === 0,
  });
  if (fetched instanceof URL) return { kind: 'asks', asks: [askFor(fetched.href)] };
  if (fetched.status >= 400)
    return {
      kind: 'failed',
      text: `${fetched.url.href} answered ${fetched.status}.${await begin(fetched, situation)}`,
    };
  return outcomeOf(fetched, situation, wanted);
};

/** What a server says to an error often says what to do. */
const begin = async (fetched: Fetched, { clock }: Situation): Promise<string> => {
  const text = textOf(fetched);
  if (!text) return '';
  const { text: said } = await convert(fetched, text, 'text', clock);
  return `\n${cutText(said.trim(), errorChars)}`;
};
const errorChars = 2000;

const outcomeOf = async (fetched: Fetched, situation: Situation, wanted: Wanted): Promise<Outcome> => {
  const { url, status, mime, bytes } = fetched;
  const drawn = { kind: 'fetch' as const, url: url.href, status, mime, bytes: bytes.length };
  const view = fitView(drawn);
  const title = `${url.href}${mime ? ` (${mime})` : ''}`;
  if (shownImages.has(mime)) {
    const images = [{ mime, base64: bytes.toString('base64') }];
    return { kind: 'done', title, text: 'The image is shown.', images, view };
  }
  const text = textOf(fetched);
  if (text === null) {
    const path = await keepBytes(situation, bytes, url);
    const what = mime || 'a file of unknown kind';
    return { kind: 'done', title, text: `This is no text (${what}, ${bytes.length} bytes). It is in ${path}.`, view };
  }
  const page = await convert(fetched, text, wanted.format, situation.clock);
  return {
    kind: 'done',
    title,
    text: await shorten(situation, page.text, wanted),
    view: page.title ? fitView({ ...drawn, title: page.title }) : view,
  };
};

const convert = async (fetched: Fetched, text: string, format: Format, clock: Clock): Promise<Page> => {
  if (format === 'html' || !isHtml(fetched)) return { text, title: '' };
  const { readHtml } = await import('../fetching/html.ts');
  return readHtml(text, { asMarkdown: format === 'markdown', rest: () => wait(clock, 0) });
};

/** The beginning of a page says what it is; the rest is in a file. */
const shorten = async (situation: Situation, text: string, { maxChars, format }: Wanted): Promise<string> => {
  if (text.trim() === '') return '(The page is empty.)';
  const bytes = Buffer.from(text);
  const isShort = maxChars === undefined ? bytes.length <= modelCut.maxBytes : text.length <= maxChars;
  const lines = text.split('\n', modelCut.maxLines + 1);
  if (isShort && lines.length <= modelCut.maxLines) return text;
  const ending = format === 'markdown' ? 'md' : format === 'html' ? 'html' : 'txt';
  const path = await situation.keep(`page-${randomBytes(3).toString('hex')}.${ending}`, text);
  const begin = Buffer.from(cutText(lines.slice(0, modelCut.maxLines).join('\n'), maxChars ?? bytes.length));
  const shown = toCharacter(begin.subarray(0, modelCut.maxBytes)).toString();
  return `${shown}\n\n(${text.length} characters in all; they are in ${path}. Search it, or read a part of it.)`;
};

const keepBytes = async ({ directory }: Situation, bytes: Buffer, url: URL): Promise<string> => {
  const ending = /\.[a-z0-9]{1,8}$/i.exec(url.pathname)?.[0] ?? '';
  const path = join(directory, 'temp', `fetched-${randomBytes(3).toString('hex')}${ending}`);
  await mkdir(join(directory, 'temp'), { recursive: true });
  await writeFile(path, bytes, { flag: 'wx', mode: 0o600 });
  return path;
};
