/**
 * workerd's configuration on this machine: the facts of wrangler.toml that the build wrote beside the bundle, with this
 * start's variables. workerd keeps its databases in `.wrangler` next to this file, hence in the state directory, and
 * refuses keys it does not know (edge §4.2).
 */
import { cpSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { giveTrees, showToGroup } from '../../process/ownership.ts';
import { privateDirectory, sharedDirectory, writePrivateFile, writeSharedFile } from '../../process/private-file.ts';
import { textOfFile } from '../../process/text-file.ts';
import type { StartWithEdge } from '../state/start.ts';
import { edgeUserOf } from './workerd.ts';

/** `dist/worker/edge.json`, made from wrangler.toml by tools/bundle.mjs; only keys that workerd accepts. */
const workerFacts = z.object({
  name: z.string(),
  main: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  durable_objects: z.object({ bindings: z.array(z.object({ name: z.string(), class_name: z.string() })) }),
  migrations: z.array(z.object({ tag: z.string(), new_sqlite_classes: z.array(z.string()) })),
  d1_databases: z.array(z.object({ binding: z.string(), database_name: z.string(), database_id: z.string() })),
  assets: z.object({ directory: z.string() }),
});

export const readWorkerFacts = (bundleDir: string): z.infer<typeof workerFacts> =>
  workerFacts.parse(JSON.parse(readFileSync(join(bundleDir, 'edge.json'), 'utf8')));

/** Copies the Worker bundle into the state directory and writes workerd's configuration there. Returns its path. */
export const writeEdgeFiles = async (bundleDir: string, start: StartWithEdge): Promise<string> => {
  const { edge, edgeConfig } = start.settings.files;
  const config = edgeConfigText(bundleDir, start);
  const user = edgeUserOf(start);
  await (user === null ? privateDirectory(edge) : sharedDirectory(edge, user, 'may list'));
  if (!isCopied(bundleDir, bundleIn(edge))) copyBundle(bundleDir, bundleIn(edge));
  if (user !== null) await showToGroup(bundleIn(edge), user);
  await (user === null ? writePrivateFile : writeSharedFile)(edgeConfig, config);
  return edgeConfig;
};

/**
 * Before each start of an edge that is a user of its own: its databases are its own, also those of a version of before.
 * The bundle and the configuration are ours, so that root writes in no directory of its.
 */
export const giveDatabases = async (edge: string, user: number): Promise<void> => {
  const databases = join(edge, '.wrangler');
  await mkdir(databases, { recursive: true, mode: 0o700 });
  await giveTrees([databases], user);
};

/** Whether the state directory has all that `writeEdgeFiles` would write, as it would write it. */
export const hasEdgeFiles = async (bundleDir: string, start: StartWithEdge): Promise<boolean> => {
  const { edge, edgeConfig } = start.settings.files;
  const isSame = (await textOfFile(edgeConfig)) === edgeConfigText(bundleDir, start);
  return isSame && isCopied(bundleDir, bundleIn(edge));
};

/** workerd's configuration for this start. */
export const edgeConfigText = (bundleDir: string, start: StartWithEdge): string => {
  const facts = readWorkerFacts(bundleDir);
  return JSON.stringify({ ...facts, ...bundled(facts), no_bundle: true, vars: edgeVars(start, 'embedded') }, null, 2);
};

const bundleIn = (edge: string): string => join(edge, 'bundle');

const copyBundle = (from: string, to: string): void => {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
};

/** Whether each file of the bundle is there with its size and its time, which a copy keeps. */
const isCopied = (from: string, to: string): boolean =>
  readdirSync(from, { recursive: true, encoding: 'utf8' }).every((file) =>
    isSameFile(join(from, file), join(to, file)),
  );

const isSameFile = (from: string, to: string): boolean => {
  const [source, copy] = [statSync(from), statSync(to, { throwIfNoEntry: false })];
  if (!copy || source.isDirectory()) return copy?.isDirectory() === true;
  return copy.isFile() && copy.size === source.size && Math.trunc(copy.mtimeMs) === Math.trunc(source.mtimeMs);
};

/** Paths of the bundle, as seen from the configuration beside it. */
const bundled = ({ main, assets }: z.infer<typeof workerFacts>) => ({
  main: `bundle/${main}`,
  assets: { directory: `bundle/${assets.directory}` },
});

/** The Worker's variables on this machine; what is undefined is left out. */
export const edgeVars = ({ settings, secrets }: StartWithEdge, edge: 'embedded' | 'dev'): Record<string, string> => {
  const vars = {
    EDGE: edge,
    LISTEN: settings.host,
    DASHBOARD_PASSWORD: secrets.passwordHash,
    OPEN_AGENT_USERS: secrets.users,
    JWT_SECRET: secrets.jwtSecret,
    JWT_TTL_DAYS: String(settings.jwtTtlDays),
    DEV_MODE: String(settings.devMode),
    MAX_ITERATIONS: String(settings.maxIterations),
    STALE_MISSION_HOURS: String(settings.staleMissionHours),
    TRASH_DAYS: String(settings.trashDays),
    TRUST_PROXY: String(settings.trustProxy),
    LIBRARY_REMOTE: settings.environment.LIBRARY_REMOTE,
    INTERNAL_TOKEN: secrets.internalToken,
  };
  return Object.fromEntries(Object.entries(vars).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
};
