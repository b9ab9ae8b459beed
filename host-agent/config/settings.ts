/**
 * What a start is configured with: the environment, over `openagent.env`, over the defaults. Everything doubtful stops
 * the start with a sentence that names the variable; a secret's value is never repeated.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { isLoopback } from '../../shared/loopback.ts';
import { readEnvFile } from './env-file.ts';
import type { LinuxUser } from './linux-user.ts';
import { isKnown, isUnused, rejectUnknown } from './names.ts';
import { type ConfigPlace, placeOf, present } from './place.ts';
import { defaultSlots } from './slots.ts';
import { StartError } from './start-error.ts';
import { type StateFiles, stateFiles } from './state-files.ts';
import { type VariableName, variableNames } from './variable-names.ts';
import { type Account, variableDocs, variables } from './variables.ts';

export interface Settings {
  port: number;
  host: string;
  workingDir: string;
  files: StateFiles;
  password?: string;
  users: Account[];
  jwtSecret?: string;
  jwtTtlDays: number;
  devMode: boolean;
  defaultModel?: string;
  openCodeAgent?: string;
  /** As whom agents run; absent: as users that we make for them, where we can. */
  agentUser?: LinuxUser;
  /** Nothing asks for a permission. */
  permissive: boolean;
  /** Steps in a row that bring nothing, after which a turn is stopped; 0 never stops one. */
  stopAfterRepeats: number;
  openCodeBaseUrl?: string;
  maxIterations: number;
  /** Missions this server works on at once. */
  maxParallelMissions: number;
  /** 0 is off. */
  staleMissionHours: number;
  /** 0: deleted missions are not kept. */
  trashDays: number;
  trustProxy: boolean;
  /** The environment with the file's values below it: what OpenCode and its providers are configured from. */
  environment: Record<string, string>;
  /** Sentences for the person that do not stop the start. */
  notices: string[];
}

/** Settings of this start. Throws StartError. `environment` is process.env; an empty value counts as not set. */
export const readSettings = (environment: NodeJS.ProcessEnv): Settings => {
  const fromEnvironment = present(environment);
  const file = readFile(fromEnvironment);
  const merged = { ...file.values, ...fromEnvironment };
  rejectUnknown(Object.keys(file.values), `in ${file.path}`, () => true);
  rejectUnknown(Object.keys(fromEnvironment), 'in the environment', (name) => /^OPEN_?AGENT_/.test(name));
  const values = check(merged);
  if (values.DEV_MODE && !isLoopback(values.HOST)) {
    throw new StartError(
      `DEV_MODE=true turns authentication off, so HOST must be a loopback address, and it is "${values.HOST}". ` +
        'Set HOST=127.0.0.1, or DEV_MODE=false.',
    );
  }
  if (values.AGENT_USER && process.getuid?.() !== 0) {
    throw new StartError(
      `AGENT_USER is "${values.AGENT_USER.name}", and only root can run agents as somebody else. Start Open Agent as root, or ` +
        'remove AGENT_USER: agents then run as the user that Open Agent runs as.',
    );
  }
  return {
    port: values.PORT,
    host: values.HOST,
    workingDir: values.WORKING_DIR,
    files: stateFiles(join(values.WORKING_DIR, '.openagent')),
    password: values.DASHBOARD_PASSWORD,
    users: values.OPEN_AGENT_USERS ?? [],
    jwtSecret: values.JWT_SECRET,
    jwtTtlDays: values.JWT_TTL_DAYS,
    devMode: values.DEV_MODE,
    defaultModel: values.DEFAULT_MODEL,
    openCodeAgent: values.OPENCODE_AGENT,
    agentUser: values.AGENT_USER,
    permissive: values.OPENCODE_PERMISSIVE,
    stopAfterRepeats: values.STOP_AFTER_REPEATS,
    openCodeBaseUrl: values.OPENCODE_BASE_URL,
    maxIterations: values.MAX_ITERATIONS,
    maxParallelMissions: values.MAX_PARALLEL_MISSIONS ?? defaultSlots(),
    staleMissionHours: values.STALE_MISSION_HOURS,
    trashDays: values.TRASH_DAYS,
    trustProxy: values.TRUST_PROXY,
    environment: { ...merged, ...(values.AGENT_HOME ? { AGENT_HOME: values.AGENT_HOME } : {}) },
    notices: notices(Object.keys(merged), values.JWT_SECRET),
  };
};

/** Where a start works and which file it reads, by the environment alone; nothing is looked at. Throws StartError. */
export const configPlace = (environment: NodeJS.ProcessEnv): ConfigPlace => {
  const place = placeOf(environment);
  if (place) return place;
  check({ WORKING_DIR: environment.WORKING_DIR });
  throw new Error('a WORKING_DIR that names no directory passed the configuration');
};

/** The file named by OPENAGENT_CONFIG, which must exist, or the one in the state directory, which may. */
const readFile = (environment: Record<string, string>): { path: string; values: Record<string, string> } => {
  const { path, named } = configPlace(environment).config;
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing && !named) return { path, values: {} };
    throw new StartError(`The configuration file ${path} can't be read: ${missing ? 'there is no such file' : error}.`);
  }
  const values = present(Object.fromEntries(readEnvFile(bytes, path, isKnown)));
  if (!named && values.WORKING_DIR) {
    throw new StartError(
      `WORKING_DIR in ${path} has no effect, since that file is found through it. Set it in the environment, or keep ` +
        'the file elsewhere and name it with OPENAGENT_CONFIG.',
    );
  }
  return { path, values };
};

const check = (values: Record<string, string | undefined>) => {
  const checked = variables.safeParse(values);
  if (checked.success) return checked.data;
  const lines = checked.error.issues.map((issue) => problem(issue, values));
  throw new StartError([...new Set(lines)].join('\n'));
};

const problem = (issue: z.core.$ZodIssue, values: Record<string, string | undefined>): string => {
  const name = variableName.parse(issue.path[0]);
  const doc = variableDocs.get(variables.shape[name]);
  const place = issue.path.length > 1 ? ` (at ${issue.path.slice(1).join('.')})` : '';
  const value = doc?.secret ? 'has a wrong value' : `is "${values[name]}"`;
  return `${name} ${value}: ${issue.message}${place}. Example: ${name}=${doc?.example}`;
};

const variableName = z.custom<VariableName>((name) => variableNames.some((known) => known === name));

const notices = (names: string[], jwtSecret: string | undefined): string[] => {
  const unused = names.filter(isUnused).sort();
  return [
    ...(unused.length > 0 ? [`Accepted, and not used by this version yet: ${unused.join(', ')}.`] : []),
    ...(jwtSecret && jwtSecret.length < shortSecretChars
      ? [`JWT_SECRET has fewer than ${shortSecretChars} characters; a longer one is harder to guess.`]
      : []),
  ];
};

/** HS256 is as strong as a key of the hash's own 32 bytes. */
const shortSecretChars = 32;
