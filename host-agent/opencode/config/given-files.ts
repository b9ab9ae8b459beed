/** Files of the person's that OpenCode reads, wherever they lie: settings name them. */
import { copyFile, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Shown } from '../../process/own-view.ts';
import { privateDirectory } from '../../process/private-file.ts';
import { isWithin, mayEnter, mayRead, permissions } from '../../process/reach.ts';
import { textOfFile } from '../../process/text-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that name a file or directory for OpenCode to read. */
const naming = [
  'OPENCODE_CONFIG',
  'OPENCODE_CONFIG_DIR',
  'OPENCODE_MODELS_PATH',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
];

/**
 * What an OpenCode that is the user `user` is shown of the person's files, so that the directories above them may be
 * closed to it: of those that are not in its own directory, which has `copies`. A file that only its owner may read is
 * copied there, and OpenCode sees the copy: what is changed it sees after its next start. `unread`: directories that it
 * can't read, in words.
 */
export const givenFiles = async (
  env: Environment,
  copies: string,
  user: number,
): Promise<{ shown: Shown[]; unread: string[] }> => {
  const ids = { uid: user, gid: user };
  const own = await realpath(dirname(copies));
  const shown: Shown[] = [];
  const unread: string[] = [];
  await rm(copies, { recursive: true, force: true });
  await privateDirectory(copies);
  for (const path of await namedBy(env)) {
    const found = await stat(path).catch(() => undefined); // OpenCode says what it misses.
    if (!found) continue;
    const to = join(await realpath(dirname(path)), basename(path));
    const from = await realpath(path);
    if (isWithin(to, own)) continue; // It is seen anyway, and its modes are ours.
    const bits = permissions(found, ids);
    if (found.isDirectory()) {
      shown.push({ from, to, access: 'ro' });
      if ((bits & mayRead) === 0 || (bits & mayEnter) === 0) unread.push(path);
    } else if ((bits & mayRead) === 0) {
      const copy = join(copies, String(shown.length));
      await copyFile(from, copy);
      shown.push({ from: copy, to, access: 'ro' });
    } else shown.push({ from, to, access: 'ro' });
  }
  return { shown, unread };
};

/** Absolute paths, each once. */
const namedBy = async (env: Environment): Promise<string[]> => {
  const named = naming.flatMap((name) => env[name] ?? []).filter(isAbsolute);
  const config = env.OPENCODE_CONFIG;
  const texts = [
    { text: env.OPENCODE_CONFIG_CONTENT ?? '', at: '/' },
    { text: (config && isAbsolute(config) ? await textOfFile(config) : undefined) ?? '', at: dirname(config ?? '/') },
  ];
  return [...new Set([...named, ...texts.flatMap(({ text, at }) => namedIn(text, at))])];
};

/** `{file:…}`, relative to the file that says it, and plug-ins as URLs. A `~` is OpenCode's home, which it sees. */
const namedIn = (text: string, at: string): string[] => [
  ...[...text.matchAll(/\{file:([^}~][^}]*)\}/g)].map(([, path = '']) => resolve(at, path)),
  ...[...text.matchAll(/"(file:\/\/\/[^"]+)"/g)].map(([, url = '']) => fileURLToPath(url)),
];
