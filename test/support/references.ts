// References in sources and documents: "protocol §4", "contract §2.3, rule 4", invariants, links, names of files.

/** A document as the sources cite it. */
export interface Cited {
  word: string;
  path: string;
  text: string;
}
export interface Section {
  /** What is below the heading, deeper headings included. */
  text: string;
}
/** Sections by document word and number, and the document that each path is. */
export interface Sections {
  of: Map<string, Map<string, Section>>;
  wordOf: Map<string, string>;
}

const heading = /^(#{2,4}) (\d+(?:\.\d+)*)\.? /;

const sectionsIn = (text: string): Map<string, Section> => {
  const lines = text.split('\n');
  const found = new Map<string, Section>();
  for (const [at, line] of lines.entries()) {
    const [, marks, number] = heading.exec(line) ?? [];
    if (!marks || !number) continue;
    const rest = lines.slice(at + 1);
    const end = rest.findIndex((each) => /^#+ /.test(each) && (each.match(/^#+/)?.[0].length ?? 0) <= marks.length);
    found.set(number, { text: [line, ...rest.slice(0, end < 0 ? undefined : end)].join('\n') });
  }
  return found;
};

export const readSections = (documents: readonly Cited[]): Sections => ({
  of: new Map(documents.map(({ word, text }) => [word, sectionsIn(text)])),
  wordOf: new Map(documents.map(({ word, path }) => [path, word])),
});

/** A comment's lines as one, so that a reference may be broken between two of them. */
const joined = (text: string): string => text.replace(/\n\s*(?:\*(?!\/)|\/\/|#(?!#))?\s*/g, ' ');

/** Nothing but this stands between two sections of one document: "§1.4, §1.5", "§2.8–§2.12", "§8 and §2". */
const chained = /^(?:,| and|–|\/|;)? ?$/;
const reference = /§(\d+(?:\.\d+)*)(?:, (?:(rule|row) )?(\d{1,2})(?![\d.]))?(?: (row) (\d{1,2}))?(?: "([^"]+)")?/g;

/** The references of a file that lead nowhere, each with what stands around it. */
export const unresolved = ({ path, text }: { path: string; text: string }, { of, wordOf }: Sections): string[] => {
  const flat = joined(text);
  const own = wordOf.get(path) ?? null;
  const missing: string[] = [];
  let last: { word: string | null; end: number } = { word: own, end: 0 };
  for (const match of flat.matchAll(reference)) {
    const word = wordBefore(flat, match.index, last, own, of);
    last = { word, end: match.index + match[0].length };
    if (word === 'RFC') continue;
    const section = word === null ? undefined : of.get(word)?.get(match[1] ?? '');
    if (!section || !hasDetail(section, match)) missing.push(`${path}: …${around(flat, match.index)}…`);
  }
  for (const match of flat.matchAll(/\binvariant (\d+)/g)) {
    const known = of.get('architecture')?.get('3')?.text ?? '';
    if (!hasItem(known, match[1] ?? '')) missing.push(`${path}: …${around(flat, match.index)}…`);
  }
  return missing;
};

/**
 * Which document a section is of: the word before it, that of the reference it is chained to, or of the comment, or of
 * the file.
 */
const wordBefore = (
  text: string,
  at: number,
  last: { word: string | null; end: number },
  own: string | null,
  of: Sections['of'],
): string | null => {
  const before = text.slice(0, at);
  const direct = /([A-Za-z-]+)(?: (\d+))? $/.exec(before);
  const word = direct?.[1]?.toLowerCase() ?? '';
  if (word === 'rfc') return 'RFC';
  if (of.has(word) && direct?.[2] === undefined) return word;
  if (last.end > 0 && chained.test(text.slice(last.end, at))) return last.word;
  if (own !== null) return own;
  // "The contract's running list (§2.2)": the document is named shortly before.
  const named = [...before.slice(-200).matchAll(/\b(contract|protocol|architecture)\b/gi)].at(-1)?.[1];
  if (named) return named.toLowerCase();
  return word === '' || /^(of|see|as|in|by)$/.test(word) ? last.word : null;
};

const hasDetail = ({ text }: Section, [, , kind, number, rowWord, row, name]: RegExpMatchArray): boolean => {
  if (number !== undefined && !(kind === 'row' ? hasRow(text, number) : hasItem(text, number))) return false;
  if (rowWord !== undefined && !hasRow(text, row ?? '')) return false;
  return name === undefined || text.toLowerCase().includes(name.toLowerCase());
};
const hasItem = (text: string, number: string): boolean => new RegExp(`^ *${number}\\. `, 'm').test(text);
const hasRow = (text: string, number: string): boolean => new RegExp(`^\\| *${number} *\\|`, 'm').test(text);
const around = (text: string, at: number): string => text.slice(Math.max(0, at - 60), at + 40);

const withoutCode = (text: string): string => text.replace(/^ *```[\s\S]*?^ *```/gm, '');

/** GitHub's anchor of a heading. */
const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/**
 * Links of a page to files or headings that are not there. `textOf`: the text of a linked file, null where there is
 * none.
 */
export const brokenLinks = (path: string, text: string, textOf: (to: string) => string | null): string[] => {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  return links.flatMap((link) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? text : textOf(file);
    const anchors = [...(target ?? '').matchAll(/^#+ (.*)$/gm)].map((match) => anchorOf(match[1] ?? ''));
    return target !== null && (anchor === undefined || anchors.includes(anchor)) ? [] : [`${path}: ${link}`];
  });
};

/** Files of ours that a page names in code quotes and that are not there. */
export const missingFiles = (path: string, text: string, isThere: (path: string) => boolean): string[] =>
  [...withoutCode(text).matchAll(/`((?:worker|host-agent|shared|test|docs|migrations)\/[\w./-]+)`/g)]
    .map((match) => match[1] ?? '')
    .filter((name) => !isThere(name))
    .map((name) => `${path}: ${name}`);
