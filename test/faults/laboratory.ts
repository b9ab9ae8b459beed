/**
 * The fault laboratory: edge, warden, hands, OpenCode and host-agent as the launcher starts them, but each on its
 * own, so that each can be killed, frozen, cut off or given another state; with the scripted model as the only
 * provider, and people who use it.
 *
 *     people ── viewerProxy ── edge ── linkProxy ── agent ── openCode ── model
 *                                                     └── hands ──┘
 *
 * Waits of the host-agent are shortened (`quick-agent.ts`), everything else is what is shipped. Nothing restarts by
 * itself here.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '../../host-agent/config/settings.ts';
import { prepareStartWithEdge } from '../../host-agent/launcher/state/start.ts';
import { writePrivateFile } from '../../host-agent/process/private-file.ts';
import { openCodeHistory } from '../support/comparison.ts';
import { announcedOpenCode, labConfig, openCodeCalls } from '../support/lab.ts';
import { freshWorkingDir } from '../support/launched.ts';
import { startModel } from '../support/model.ts';
import { type Login, logIn, type Person, personAt } from '../support/person.ts';
import { allDifferences, expectSameConversations, startWitness } from '../support/witness.ts';
import { quickBuild } from './copied-build.ts';
import { edgeOrders, wrapEdge } from './edge-orders.ts';
import { startLinkProxy } from './link-proxy.ts';
import { agentProcess, edgeProcess, handsProcess, openCodeProcess, wardenProcess } from './parts.ts';
import { startViewerProxy } from './viewer-proxy.ts';

export type Laboratory = Awaited<ReturnType<typeof startLaboratory>>;

export interface LaboratoryOptions {
  /** Accounts instead of the single user. */
  users?: { username: string; password: string }[];
  /** Accounts beside them, of whom nobody looks whether what they saw is what a reload shows. */
  unwatched?: { username: string; password: string; admin?: boolean }[];
  /** Added to the launcher's environment. */
  environment?: Record<string, string>;
  /** Gives each process a clock of its own (`jump`). */
  faketime?: boolean;
  /** The edge's D1 can be made sick, and its objects (`orders`). Without it the edge is what is shipped. */
  edgeTakesOrders?: boolean;
  /** Directory to use as WORKING_DIR; removed by whoever made it. */
  workingDir?: string;
  /** Where the host-agent keeps its store, such as a small disk; else the usual state directory. */
  agentStateDir?: string;
}

export const password = 'correct horse battery';

/** So many that no mission waits for another, whatever machine this is; a case about waiting says its own number. */
const slots = '16';

/** Starts all of it; `stop` ends and removes all of it. */
export const startLaboratory = async (options: LaboratoryOptions = {}) => {
  const directory =
    options.workingDir === undefined ? freshWorkingDir() : { path: options.workingDir, remove: () => undefined };
  const [model, build] = await Promise.all([startModel(), quickBuild()]);
  if (options.edgeTakesOrders) await wrapEdge(build);
  const settings = readSettings({
    PATH: process.env.PATH,
    HOME: directory.path,
    WORKING_DIR: directory.path,
    PORT: '0',
    DEFAULT_MODEL: 'lab/m1',
    MAX_PARALLEL_MISSIONS: slots,
    OPENCODE_CONFIG_CONTENT: labConfig(model.url),
    ...(options.users
      ? { OPEN_AGENT_USERS: JSON.stringify([...options.users, ...(options.unwatched ?? [])]) }
      : { DASHBOARD_PASSWORD: password }),
    ...options.environment,
  });
  const start = await prepareStartWithEdge(settings);
  await start.secrets.keep();
  const linkProxy = await startLinkProxy(() => start.url);
  const viewerProxy = await startViewerProxy(() => start.url);
  await writePrivateFile(settings.files.host, JSON.stringify({ ...start.host, url: linkProxy.url }));

  const crashes: string[] = [];
  const means = { start, build, faketime: options.faketime ?? false, onCrash: (name: string) => crashes.push(name) };
  const { edge, orders } = edgeOrders(await edgeProcess(means), start.url, options.edgeTakesOrders ?? false);
  const warden = wardenProcess(means);
  const hands = handsProcess(means);
  const openCode = openCodeProcess(means);
  const agent = agentProcess(means, options.agentStateDir);
  await Promise.all([edge.start(), warden?.start(), hands.start(), openCode.start()]);
  await agent.start();

  const logins = new Map<string, Promise<Record<string, string>>>();
  const headersOf = (login: Login): Promise<Record<string, string>> => {
    const name = login.username ?? '';
    const known = logins.get(name) ?? logIn(start.url, login);
    logins.set(name, known);
    return known;
  };
  const watchers = options.users ?? [{ password }];
  // Near the edge, so that the faults of the proxies don't reach them.
  const witnesses = await Promise.all(
    watchers.map(async (login) => startWitness(() => start.url, await headersOf(login))),
  );
  /** Ends every fault and starts what does not run. */
  const mend = async (): Promise<void> => {
    linkProxy.heal();
    viewerProxy.heal();
    await orders.heal();
    for (const part of [edge, warden, hands, openCode, agent]) {
      if (part === null) continue;
      if (part.isRunning()) part.thaw();
      else await part.start();
    }
  };
  const missionDirectory = (mission: string): string =>
    join(directory.path, 'workspaces', `mission-${mission.slice(0, 8)}`);
  const openCodeServer = () => openCodeCalls(announcedOpenCode(settings.files.openCodeServer));

  return {
    model,
    edge,
    /** How the edge's D1 and objects are; only in a laboratory with `edgeTakesOrders`. */
    orders,
    /** The name of this server's object. */
    host: start.host.id,
    agent,
    openCode,
    /** What makes places for OpenCode's agents; null where they have none. */
    warden,
    /** What acts for them. */
    hands,
    linkProxy,
    viewerProxy,
    workingDir: directory.path,
    stateDir: settings.files.dir,
    /** Processes that ended without having been told to: always none. */
    crashes,
    /** What proves who somebody is, who logs in once. */
    headersOf,
    /** Logs in once and acts as that user, by way of the viewer proxy; `direct` goes around it. */
    person: async ({ direct = false, ...login }: Partial<Login> & { direct?: boolean } = {}): Promise<Person> =>
      personAt(() => (direct ? start.url : viewerProxy.url), await headersOf({ password, ...login })),
    missionDirectory,
    /** Calls to the OpenCode that runs now. */
    openCodeCalls: openCodeServer,
    /** Final texts and tool calls in OpenCode's own history of a mission. */
    openCodeHistory: (mission: string) => openCodeHistory(openCodeServer().call, missionDirectory(mission)),
    logs: (role: 'edge' | 'warden' | 'hands' | 'opencode' | 'host-agent'): string =>
      readFileSync(start.logFileOf(role), 'utf8'),
    /** Processes that have to do with this laboratory and are still there, by their command line. */
    processesLeft: (): string[] => processesOf(directory.path),
    /**
     * After every case: mends everything, so that one failed case does not fail the next, and then looks whether what
     * was seen of all missions is what a reload shows.
     */
    mend: async (): Promise<void> => {
      await mend();
      await expectSameConversations(witnesses);
    },
    /** How what was seen differs from what a reload shows. */
    differences: () => allDifferences(witnesses),
    /** The same once more where a case forgot it: a laboratory does not end unlooked at. */
    stop: async (): Promise<void> => {
      const looked = edge.isRunning() ? expectSameConversations(witnesses) : Promise.resolve();
      const [seen] = await Promise.allSettled([looked]);
      await Promise.all(witnesses.map((witness) => witness.leave()));
      await agent.stop();
      await Promise.all([edge.stop(), openCode.stop()]);
      await hands.stop();
      await warden?.stop();
      await Promise.all([linkProxy.close(), viewerProxy.close(), model.close()]);
      start.lock.close();
      build.remove();
      directory.remove();
      if (seen.status === 'rejected') throw seen.reason;
    },
  };
};

/** Every process whose command line, environment or working directory names `directory`. */
const processesOf = (directory: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        const at = readlinkSync(`/proc/${pid}/cwd`);
        const isOurs = `${line}${readFileSync(`/proc/${pid}/environ`, 'utf8')}${at}`.includes(directory);
        return isOurs ? [line.replaceAll('\0', ' ')] : [];
      } catch {
        return []; // It ended while we looked.
      }
    });
