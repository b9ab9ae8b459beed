import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { workspaceFolders } from '../../shared/calls/workspace.ts';
import type { Workspace } from './workspace.ts';

/** Contract §2.3: what people are shown of an init log. */
const shownLines = 500;
/** Enough for that many lines of any sense; the rest of a huge file is only counted. */
const shownBytes = 256 * 1024;

/** What is on the disk of a workspace, and whether it can run what people type in. */
export const inspectWorkspace = async ({ directory: path, shell }: Workspace) => ({
  path,
  path_exists: await isThere(path),
  directories: await Promise.all(
    workspaceFolders.map(async (folder) => {
      const entries = await readdir(join(path, folder)).catch(() => null); // Not there, or no folder.
      return { path: folder, exists: entries !== null, file_count: entries?.length ?? null };
    }),
  ),
  // From the top, since the workspace's own directory may be missing.
  has_bash: await shell('exit 0', { directory: '/' }).then(
    ({ exitCode }) => exitCode === 0,
    () => false,
  ),
  agent_user: userName(),
});

/** As whom agents run here: this runs where they do. A user need not have a name. */
const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
};

/** The last lines of a workspace's init log, and how many lines it has. Throws when it is there and can't be read. */
export const initLog = async ({ directory }: Workspace) => {
  const file = join(directory, 'var/log/openagent-init.log');
  const isFile = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) return { exists: false, content: '', total_lines: null };
  let lines = 0;
  let tail = Buffer.alloc(0);
  for await (const chunk of createReadStream(file)) {
    const piece = Buffer.from(chunk);
    lines += newlines(piece);
    tail = Buffer.concat([tail, piece]).subarray(-shownBytes);
  }
  const isOpen = tail.length > 0 && tail.at(-1) !== newline;
  const shown = tail.toString('utf8').replace(/\n$/, '').split('\n').slice(-shownLines);
  return { exists: true, content: shown.join('\n'), total_lines: lines + (isOpen ? 1 : 0) };
};

const newline = 0x0a;

const newlines = (piece: Buffer): number => {
  let count = 0;
  for (let at = piece.indexOf(newline); at >= 0; at = piece.indexOf(newline, at + 1)) count += 1;
  return count;
};

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
