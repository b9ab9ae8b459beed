/** Where a start works, by the environment alone; nothing is looked at, and nothing is loaded that checks settings. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { stateFiles } from './state-files.ts';

export interface ConfigPlace {
  workingDir: string;
  /** The file of settings, and whether it was named. */
  config: { path: string; named: boolean };
}

/** The variables that are set: an empty value counts as not set. */
export const present = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).flatMap(([name, text]) => (text ? [[name, text]] : [])));

/** What applies where WORKING_DIR is not set. */
export const defaultWorkingDir = '~';

/** The directory that `text` names: an absolute path, or one below the home directory. Undefined: it names none. */
export const directoryOf = (text: string): string | undefined => {
  const path = text === '~' || text.startsWith('~/') ? join(homedir(), text.slice(1)) : text;
  return path.startsWith('/') ? resolve(path) : undefined;
};

/** Undefined where WORKING_DIR names no directory: settings.ts says so. */
export const placeOf = (given: NodeJS.ProcessEnv): ConfigPlace | undefined => {
  const environment = present(given);
  const workingDir = directoryOf(environment.WORKING_DIR ?? defaultWorkingDir);
  if (workingDir === undefined) return undefined;
  const named = environment.OPENAGENT_CONFIG;
  const path = named ? resolve(named) : stateFiles(join(workingDir, '.openagent')).config;
  return { workingDir, config: { path, named: named !== undefined } };
};
