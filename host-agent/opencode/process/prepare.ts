// Everything that has to be in place before OpenCode starts, in the order it depends on each other.
import { randomBytes } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Cover } from '../../process/covered.ts';
import type { OwnView, Shown } from '../../process/own-view.ts';
import { privateDirectory } from '../../process/private-file.ts';
import { mayEnter, mayRead, permissions } from '../../process/reach.ts';
import { writeAgentHome } from '../config/agent-home.ts';
import { chooseCatalogue } from '../config/catalogue.ts';
import { mergeCredentials } from '../config/credentials.ts';
import { type OpenCodeFolders, openCodeFolders } from '../config/folders.ts';
import { trustOurRepositories } from '../config/git-trust.ts';
import { readGivenConfig, writeGivenConfig } from '../config/given-config.ts';
import { givenFiles } from '../config/given-files.ts';
import { writeGlobalConfig } from '../config/global-config.ts';
import { type Hands, installHandsPlugin } from '../config/hands-plugin.ts';
import { isPermissive } from '../config/permissive.ts';
import { ensureProviderSettings } from '../config/provider-settings.ts';
import { ripgrepProgram, seedConfigDirectory, seedRipgrep } from '../config/seed.ts';
import { withheldPermission } from '../config/withheld-permission.ts';
import { openCodeBinary } from './binary.ts';
import { openCodeEnvironment } from './environment.ts';
import { giveToOpenCode, refuseLinks } from './own-user.ts';
import { writeStartFacts } from './start-facts.ts';

export interface PreparedOpenCode {
  /** Program to start, of exactly this version. */
  binary: string;
  version: string;
  /** Its whole environment: nothing else may be inherited. */
  env: Record<string, string>;
  /** Its working directory; missions name theirs in each request. */
  cwd: string;
  password: string;
  /** What it is shown in the place of the trees of missions; null where it sees those. */
  cover: Cover | null;
  /** The user that it runs as, and what that sees; null where it runs as we do. */
  view: OwnView | null;
  /** Every secret value known to OpenCode, for redaction. */
  secrets: string[];
  /** What a person should know, in words. */
  warnings: string[];
}

/**
 * Makes `dir` (0700) OpenCode's world: folders, seeded config directories, ripgrep, keys in auth.json, a catalogue, a
 * config of ours, an environment without keys. `env` is where the person's settings and keys come from, usually
 * process.env with openagent.env. With `hands` its agents have our tools, else OpenCode's own; with `cover` it sees
 * nothing that agents write; with `user` it runs as the Linux user with that number, to whom all of that belongs or is
 * shown. Writes only below `dir` and may be repeated before each start; it never overwrites what a person changed.
 * Throws with the cause and the next step.
 */
export const prepareOpenCode = async ({
  dir,
  env,
  hands = null,
  cover = null,
  user = null,
}: {
  dir: string;
  env: Readonly<Record<string, string | undefined>>;
  hands?: Hands | null;
  cover?: Cover | null;
  user?: number | null;
}): Promise<PreparedOpenCode> => {
  const { path: binary, version } = openCodeBinary();
  const folders = openCodeFolders(dir);
  const own = [dir, folders.home, folders.config, folders.data, folders.state, folders.cache, folders.logins];
  for (const folder of own) await privateDirectory(folder);
  await refuseLinks(dir, folders);
  await seedConfigDirectory(folders.globalConfig, version);
  const ripgrep = await ripgrepProgram();
  await seedRipgrep(folders.ripgrep, ripgrep);
  if (user !== null) await trustOurRepositories(folders.config);
  await writeAgentHome(folders.globalConfig, env.AGENT_HOME || null);
  await installHandsPlugin(folders.globalConfig, hands, cover === null);

  const credentials = await mergeCredentials(folders.authFile, env);
  const given = env.OPENCODE_CONFIG_CONTENT
    ? readGivenConfig(env.OPENCODE_CONFIG_CONTENT, env, folders.providerKeys)
    : undefined;
  if (given) {
    await seedConfigDirectory(folders.givenConfig, version);
    await writeGivenConfig(given, folders.givenConfig, folders.providerKeys);
  }

  // OpenCode's own gateway offers free models to everyone: used only where a person has an account there.
  const gateway = credentials.providers.includes('opencode') || given?.config.provider?.opencode !== undefined;
  const disabled = gateway ? [] : ['opencode'];
  const permissive = isPermissive(env);
  const ours = await writeGlobalConfig(folders.globalConfig, {
    disabledProviders: disabled,
    permissive,
  });

  const modelsPath = await chooseCatalogue({
    given: env.OPENCODE_MODELS_PATH,
    needed: given?.isComplete !== true || Boolean(env.OPENCODE_CONFIG),
    path: folders.noModels,
  });
  await ensureProviderSettings(folders.providerSettings);
  await writeStartFacts(folders.startFacts, {
    variables: credentials.variables,
    settingsUnused: env.OPENCODE_CONFIG
      ? 'this server has an OPENCODE_CONFIG of its own, so set it in that file'
      : null,
    disabled,
    given: [env.OPENCODE_CONFIG, env.OPENCODE_CONFIG_DIR].filter((path) => path !== undefined),
    hands: hands !== null,
    plugin: hands?.bundle ?? null,
    covered: cover !== null,
  });
  const persons = user === null ? undefined : await givenFiles(env, folders.givenFiles, user);
  if (user !== null) await giveToOpenCode(dir, folders, user);
  const view =
    persons && user !== null
      ? await viewOf({ user, dir, folders, cover, hands, programs: [binary, ripgrep], persons })
      : null;
  const password = randomBytes(24).toString('base64url');
  return {
    binary,
    version,
    cwd: folders.home,
    password,
    cover,
    view,
    env: openCodeEnvironment(env, folders, {
      password,
      modelsPath,
      givenConfig: given && folders.givenConfig,
      providerSettings: env.OPENCODE_CONFIG ? undefined : folders.providerSettings,
      permission: hands ? withheldPermission(env.OPENCODE_PERMISSION) : env.OPENCODE_PERMISSION,
    }),
    secrets: [...new Set([...credentials.secrets, ...(given?.secrets ?? []), password])],
    warnings: warningsOf({
      ours,
      given: given !== undefined,
      hands: hands !== null,
      env,
      config: folders.globalConfig,
      unread: persons?.unread ?? [],
    }),
  };
};

const viewOf = async ({
  user,
  dir,
  folders,
  cover,
  hands,
  programs,
  persons,
}: {
  user: number;
  dir: string;
  folders: OpenCodeFolders;
  cover: Cover | null;
  hands: Hands | null;
  programs: string[];
  persons: { shown: Shown[] };
}): Promise<OwnView> => {
  for (const program of programs) await runnable(program, user);
  const at = async (path: string, access: Shown['access']): Promise<Shown> => ({
    from: await realpath(path),
    to: path,
    access,
  });
  return {
    user,
    cwd: folders.home,
    stage: folders.view,
    shown: [
      await at(dir, 'rw'),
      ...(cover ? [{ from: await realpath(cover.shown), to: cover.over, access: 'ro' as const }] : []),
      ...(hands ? [await at(dirname(hands.socket), 'ro')] : []),
      ...(await Promise.all(programs.map((program) => at(dirname(program), 'ro')))),
      ...persons.shown,
    ],
  };
};

/** Throws where a program was installed for root alone. */
const runnable = async (program: string, user: number): Promise<void> => {
  for (const path of [program, dirname(program)]) {
    const bits = permissions(await stat(path), { uid: user, gid: user });
    if ((bits & (mayRead | mayEnter)) !== (mayRead | mayEnter))
      throw new Error(
        `${path} can't be run by the Linux user that OpenCode is. Let it: chmod -R a+rX ${dirname(program)}`,
      );
  }
};

const warningsOf = ({
  ours,
  given,
  hands,
  env,
  config,
  unread,
}: {
  ours: boolean;
  given: boolean;
  hands: boolean;
  env: Readonly<Record<string, string | undefined>>;
  config: string;
  unread: string[];
}): string[] => [
  ...unread.map((path) => `${path} can't be read by the user that OpenCode runs as: chmod -R a+rX ${path}`),
  ...(ours ? [] : [`${config}/opencode.json was changed by hand and is kept as it is, its permissions too.`]),
  ...(env.AGENT_HOME && env.OPENCODE_PURE
    ? ['AGENT_HOME has no effect, because OPENCODE_PURE keeps plugins out of OpenCode. Set only one of them.']
    : []),
  ...(hands && env.OPENCODE_PURE
    ? ['OPENCODE_PURE keeps the tools of Open Agent out of OpenCode too, so no message can be worked on. Remove it.']
    : []),
  ...(given && env.OPENCODE_CONFIG_DIR
    ? ['OPENCODE_CONFIG_DIR is not used, because OPENCODE_CONFIG_CONTENT is set. Set only one of them.']
    : []),
  ...(env.OPENCODE_CONFIG
    ? [
        '{env:…} in the file of OPENCODE_CONFIG finds no keys: OpenCode gets none in its environment. Use {file:…} there.',
      ]
    : []),
];
