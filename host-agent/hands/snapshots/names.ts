/** Names of files as strings that lose no byte: a name on Linux is any bytes but zero and "/". */
import { readdirSync } from 'node:fs';

/** Begins what stands for a name that is no UTF-8, followed by its bytes in hex: no name has it. */
const odd = '\0';
/** What Node puts in place of bytes that are no UTF-8. */
const unreadable = '\uFFFD';

/** The names in a directory (a path as `pathOf` gives it). Throws what the file system says. */
export const namesIn = (directory: string | Buffer): string[] => {
  const names = readdirSync(directory);
  if (!names.some((name) => name.includes(unreadable))) return names;
  return readdirSync(directory, 'buffer').map((bytes) => {
    const text = bytes.toString();
    return Buffer.from(text).equals(bytes) ? text : odd + bytes.toString('hex');
  });
};

/** What the file system takes for a path below `root`, whose names are those of `namesIn`; '' is the root itself. */
export const pathOf = (root: string, path: string): string | Buffer => {
  if (path === '') return root;
  if (!path.includes(odd)) return `${root}/${path}`;
  return Buffer.concat([Buffer.from(`${root}/`), ...path.split('/').flatMap((name, at) => bytesOf(name, at > 0))]);
};

const bytesOf = (name: string, isFurther: boolean): Buffer[] => [
  Buffer.from(isFurther ? '/' : ''),
  name.startsWith(odd) ? Buffer.from(name.slice(1), 'hex') : Buffer.from(name),
];

export const joined = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/** A path as people are shown it: bytes that are no UTF-8 as `\xNN`. */
export const shownPath = (path: string): string =>
  path.includes(odd)
    ? path
        .split('/')
        .map((name) => (name.startsWith(odd) ? shownBytes(Buffer.from(name.slice(1), 'hex')) : name))
        .join('/')
    : path;

const shownBytes = (bytes: Buffer): string => {
  let text = '';
  for (const byte of bytes)
    text += byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  return text;
};

/** A path in the header of a diff: in quotes where a line could not hold it, as git writes it. */
export const quotedPath = (path: string): string => (unquotable.test(path) ? JSON.stringify(path) : path);

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const unquotable = /[\0-\x1f"\\\x7f]/;
