/**
 * HTML as a model reads it: Markdown, or text alone. In one pass over a stream of tags, because a page is whatever
 * somebody sends: libraries that first make a tree of it need seconds for ordinary pages, and never end with some
 * (architecture §10).
 */
import { Parser } from 'htmlparser2';
import { type Writing, writing } from './writing.ts';

export interface Page {
  text: string;
  title: string;
}

/** What a page has beside its content. */
const unread = new Set(
  'script style noscript template iframe object embed svg canvas math audio video head'.split(' '),
);
const blocks = new Set(
  (
    'address article aside blockquote body dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 ' +
    'h5 h6 header hgroup hr main menu nav ol p pre section summary table ul'
  ).split(' '),
);
const marks = { b: '**', strong: '**', i: '*', em: '*', del: '~~', s: '~~', code: '`', kbd: '`', samp: '`' };
/**
 * No page that a person reads is nested deeper, not even one that closes nothing. Each level makes the parser slower,
 * so what is deeper would never come to its end.
 */
const maxDepth = 10_000;
/** So much is parsed before others have their turn. */
const portion = 256 * 1024;

/** `rest` is awaited now and then, so that nothing else waits for a long page. */
export const readHtml = async (
  html: string,
  { asMarkdown, rest }: { asMarkdown: boolean; rest: () => Promise<void> },
): Promise<Page> => {
  const page = writing(asMarkdown);
  let title = '';
  let isTitle = false;
  /** How many elements of those are open whose content nobody reads. */
  let skipped = 0;
  let depth = 0;

  const parser = new Parser({
    onopentag: (name, attributes) => {
      if (++depth > maxDepth) return parser.pause();
      if (name === 'title') isTitle = skipped <= 1 && title === '';
      if (unread.has(name)) skipped++;
      if (skipped === 0) open(page, name, attributes);
    },
    ontext: (text) => {
      if (isTitle) title += text;
      else if (skipped === 0) page.text(text);
    },
    onclosetag: (name) => {
      depth--;
      if (name === 'title') isTitle = false;
      if (skipped === 0) close(page, name);
      if (unread.has(name)) skipped--;
    },
  });
  for (let at = 0; at < html.length && depth <= maxDepth; at += portion) {
    if (at > 0) await rest();
    parser.write(html.slice(at, at + portion));
  }
  if (depth <= maxDepth) parser.end();
  else page.text(' [The rest of this page is nested too deep to be read.]');
  return { text: page.done(), title: title.replace(/\s+/g, ' ').trim() };
};

type Attributes = Record<string, string>;

const languageOf = ({ class: names = '' }: Attributes): string => /\blang(?:uage)?-([\w+-]+)/.exec(names)?.[1] ?? '';

/** What the beginning of an element changes, beside that a block begins. */
const opening: Readonly<Record<string, (page: Writing, attributes: Attributes) => void>> = {
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((level) => [`h${level}`, (page: Writing) => page.heading(level)])),
  ...Object.fromEntries(Object.entries(marks).map(([name, mark]) => [name, (page: Writing) => page.mark(mark)])),
  br: (page) => page.line(),
  option: (page) => page.line(),
  hr: (page) => page.rule(),
  a: (page, { href = '' }) => page.link(href),
  img: (page, { alt = '', src = '' }) => page.image(alt, src),
  pre: (page, attributes) => page.code(languageOf(attributes)),
  code: (page, attributes) => {
    page.language(languageOf(attributes));
    page.mark('`');
  },
  blockquote: (page) => page.quote(),
  ul: (page) => page.list(null),
  menu: (page) => page.list(null),
  ol: (page, { start = '1' }) => page.list(Number.parseInt(start, 10) || 1),
  li: (page) => page.item(),
  tr: (page) => page.row(),
  td: (page) => page.cell(),
  th: (page) => page.cell(),
};

const closing: Readonly<Record<string, (page: Writing) => void>> = {
  ...Object.fromEntries(Object.entries(marks).map(([name, mark]) => [name, (page: Writing) => page.unmark(mark)])),
  a: (page) => page.unlink(),
  pre: (page) => page.uncode(),
  blockquote: (page) => page.unquote(),
  ul: (page) => page.unlist(),
  menu: (page) => page.unlist(),
  ol: (page) => page.unlist(),
  li: (page) => page.unitem(),
  tr: (page) => page.unrow(),
  td: (page) => page.uncell(),
  th: (page) => page.uncell(),
};

const open = (page: Writing, name: string, attributes: Attributes): void => {
  if (blocks.has(name)) page.block();
  if (Object.hasOwn(opening, name)) opening[name]?.(page, attributes);
};

const close = (page: Writing, name: string): void => {
  if (Object.hasOwn(closing, name)) closing[name]?.(page);
  if (blocks.has(name)) page.block();
};
