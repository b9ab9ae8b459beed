/** What `openagent login` keeps: which edge a person uses from this machine, and the token for it. */
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { readStateJson } from '../../launcher/state/state-json.ts';
import { writePrivateFile } from '../../process/private-file.ts';

const keptLogin = z.object({
  url: z.string(),
  /** null: the edge wants none. */
  token: z.string().nullable(),
  /** Name of the user, where the edge has several. */
  user: z.string().optional(),
});
export type KeptLogin = z.infer<typeof keptLogin>;

/**
 * The person's folder for configuration, by the XDG base directory specification: a relative path there counts as none.
 */
export const configFolder = (environment: NodeJS.ProcessEnv): string => {
  const given = environment.XDG_CONFIG_HOME;
  return given && isAbsolute(given) ? given : join(environment.HOME || homedir(), '.config');
};

const fileIn = (folder: string): string => join(folder, 'openagent', 'login.json');

/**
 * What is kept below this configuration folder; undefined when nothing is. Throws with the path when the file is
 * damaged.
 */
export const readLogin = (folder: string): Promise<KeptLogin | undefined> => readStateJson(fileIn(folder), keptLogin);

/** Keeps a login, readable by its owner alone, in place of the one before. Out: the file's path. */
export const keepLogin = async (folder: string, login: KeptLogin): Promise<string> => {
  await writePrivateFile(fileIn(folder), JSON.stringify(login));
  return fileIn(folder);
};

/** Forgets the login that is kept; no error when there is none. */
export const forgetLogin = (folder: string): Promise<void> => rm(fileIn(folder), { force: true });
