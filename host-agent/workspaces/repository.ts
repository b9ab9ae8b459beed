import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `git init` and two `git config` would write; agents commit under this name until they are told another. */
const config = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[user]
\tname = Open Agent
\temail = agent@localhost
`;

/**
 * Makes a directory an empty git repository, whole or not at all, by its few files (gitrepository-layout(5)): starting
 * git three times would be a tenth of what a person waits for before their agent begins.
 */
export const initRepository = async (directory: string): Promise<void> => {
  const fresh = join(directory, `.git-${randomUUID()}`);
  try {
    await Promise.all(['objects/info', 'objects/pack', 'refs/heads', 'refs/tags'].map((name) => make(fresh, name)));
    await writeFile(join(fresh, 'HEAD'), 'ref: refs/heads/main\n');
    await writeFile(join(fresh, 'config'), config);
    await rename(fresh, join(directory, '.git'));
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
};

const make = (...path: [string, string]): Promise<unknown> => mkdir(join(...path), { recursive: true });
