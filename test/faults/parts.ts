// Edge, hands, OpenCode and host-agent as processes of the laboratory, started the way the launcher starts them.

import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { handsSockets } from '../../host-agent/hands/socket.ts';
import { spawnTied } from '../../host-agent/launcher/children/children.ts';
import { handsRole } from '../../host-agent/launcher/children/hands.ts';
import type { AgentConfig } from '../../host-agent/launcher/children/host-agent.ts';
import { wardenRole } from '../../host-agent/launcher/children/warden.ts';
import { edgeRole, workerdProcess } from '../../host-agent/launcher/edge/edge.ts';
import { writeEdgeFiles } from '../../host-agent/launcher/edge/files.ts';
import { pluginBeside } from '../../host-agent/launcher/plugin-file.ts';
import type { StartWithEdge } from '../../host-agent/launcher/state/start.ts';
import { announce } from '../../host-agent/opencode/api/server-file.ts';
import { openCodeFolders } from '../../host-agent/opencode/config/folders.ts';
import { prepareOpenCode } from '../../host-agent/opencode/process/prepare.ts';
import { startOpenCode } from '../../host-agent/opencode/process/process.ts';
import type { AnsweringTimes } from '../../host-agent/process/answering.ts';
import { seenInstead } from '../../host-agent/workspaces/seen.ts';
import { systemClock } from '../../shared/clock.ts';
import { scaledMs } from '../support/patience.ts';
import { type Clock, runningClock, startClock } from './clock.ts';
import type { Build } from './copied-build.ts';
import { type LabProcess, labProcess } from './lab-process.ts';
import { stateOf } from './state-copy.ts';

export interface Means {
  start: StartWithEdge;
  build: Build;
  faketime: boolean;
  onCrash(name: string): void;
}

/** For `scaledMs` in the host-agent's own process. */
const slowness: Record<string, string> = process.env.TEST_SLOWNESS ? { TEST_SLOWNESS: process.env.TEST_SLOWNESS } : {};

/** Time for the host-agent to close its link and its store, as the launcher gives it. */
const agentGraceMs = scaledMs(3_000);

const clockOf = ({ start, faketime }: Means, name: string): Clock | undefined =>
  faketime ? runningClock(join(start.settings.files.dir, `${name}.clock`)) : undefined;

const copiesOf = ({ settings }: StartWithEdge): string => join(settings.files.dir, 'copies');

/** workerd with the built Worker. `objects` and `d1` are the two halves of its state. */
export const edgeProcess = async (means: Means) => {
  const { start, build } = means;
  const clock = means.faketime ? startClock() : undefined;
  const workerd = workerdProcess(await writeEdgeFiles(build.workerDir, start), start);
  const stateDir = start.settings.files.edge;
  const edge = labProcess({
    name: 'edge',
    stateDir,
    launch: () =>
      edgeRole(start, { ...workerd, env: { ...workerd.env, ...clock?.env() } }).start(new AbortController().signal),
    jump: clock?.jump,
    onCrash: means.onCrash,
  });
  const state = (names: string[]) =>
    stateOf(join(stateDir, '.wrangler', 'state', 'workerd'), names, copiesOf(start), edge.isRunning);
  return {
    ...edge,
    /** The edge itself, without a proxy. */
    url: start.url,
    ...state(['']),
    /** The Durable Objects' databases and alarms alone. */
    objects: state(['open-agent', 'metadata.sqlite']),
    /** The directory's database alone. */
    d1: state(['d1']),
  };
};

/** The warden; null where agents act as the user of the test. What it has started goes on without it. */
export const wardenProcess = ({ start, build, onCrash }: Means): LabProcess | null => {
  const { boundary, settings } = start;
  if (boundary.kind !== 'places') return null;
  return labProcess({
    name: 'warden',
    stateDir: settings.files.warden,
    launch: () => wardenRole(start, build.program, boundary).start(new AbortController().signal),
    outlivesIt: true,
    onCrash,
  });
};

/** The hands, and below them everything that agents run. They live by the machine's clock, also with `faketime`. */
export const handsProcess = ({ start, build, onCrash }: Means) => {
  let times: AnsweringTimes | undefined;
  const hands = labProcess({
    name: 'hands',
    stateDir: start.settings.files.hands,
    launch: () => handsRole(start, build.program, times).start(new AbortController().signal),
    onCrash,
  });
  return {
    ...hands,
    /** From the next start on they are taken for frozen by these; undefined: by what is shipped, two minutes. */
    watchBy: (given: AnsweringTimes | undefined): void => {
      times = given;
    },
  };
};

/**
 * OpenCode with its tools from the hands, announced in server.json at each start. `backup`, `restore` and `remove` are
 * of its own store.
 */
export const openCodeProcess = (means: Means) => {
  const { settings, lock, means: containment } = means.start;
  const clock = clockOf(means, 'opencode');
  const dir = dirname(settings.files.openCodeServer);
  const hands = { socket: handsSockets(settings.files.hands).calls, bundle: pluginBeside(means.build.program) };
  const launch = async () => {
    const cover = containment.mounts ? await seenInstead(settings.workingDir, openCodeFolders(dir).seen) : null;
    const prepared = await prepareOpenCode({ dir, env: settings.environment, hands, cover });
    const child = await startOpenCode({
      prepared: { ...prepared, env: { ...prepared.env, ...clock?.env() } },
      means: containment,
    });
    const { url, username, password, instance, pid } = child;
    await lock.record('opencode', pid);
    await announce(settings.files.openCodeServer, {
      url,
      username,
      password,
      instance,
      pid,
      startedAt: systemClock.now(),
    });
    return child;
  };
  const openCode = labProcess({
    name: 'opencode',
    stateDir: dir,
    launch,
    executable: 'opencode',
    jump: clock?.jump,
    onCrash: means.onCrash,
  });
  return { ...openCode, ...stateOf(join(dir, 'data'), ['opencode'], copiesOf(means.start), openCode.isRunning) };
};

/**
 * The built host-agent, with its store in `stateDir`. `backup`, `restore` and `remove` are of its store; `clone` is a
 * second one with a copy of it.
 */
export const agentProcess = (means: Means, stateDir = means.start.settings.files.dir) => {
  const { dir } = means.start.settings.files;
  const clock = clockOf(means, 'host-agent');
  if (stateDir !== dir) shareState(dir, stateDir);
  const original = agentAt(means, stateDir, clock);
  let clones = 0;
  return {
    ...original,
    /** A host-agent over a copy of this one's state, with the same credential and OpenCode. It is not started. */
    clone: () => {
      const copy = original.backup();
      const cloneDir = join(dir, `clone-${++clones}`);
      mkdirSync(cloneDir, { mode: 0o700 });
      shareState(dir, cloneDir);
      const clone = agentAt(means, cloneDir, clock);
      clone.restore(copy);
      return clone;
    },
  };
};

/** What a host-agent elsewhere needs of the launcher's files. */
const shareState = (from: string, to: string): void => {
  for (const name of ['host.json', 'secrets.json', 'opencode', 'hands']) symlinkSync(join(from, name), join(to, name));
};

const agentAt = (means: Means, stateDir: string, clock: Clock | undefined) => {
  const { start, build } = means;
  const { settings } = start;
  const { workingDir, defaultModel, permissive, stopAfterRepeats, maxParallelMissions: slots } = settings;
  const config: AgentConfig = { stateDir, workingDir, defaultModel, permissive, stopAfterRepeats, slots, hands: true };
  const agent = labProcess({
    name: 'host-agent',
    stateDir,
    launch: () =>
      spawnTied({
        clock: systemClock,
        command: process.execPath,
        args: ['--disable-warning=ExperimentalWarning', build.agentScript, 'agent-child', JSON.stringify(config)],
        env: { HOME: settings.workingDir, ...slowness, ...clock?.env() },
        logFile: start.logFileOf('host-agent'),
        means: { ...start.means, pidNamespace: false },
        graceMs: agentGraceMs,
      }),
    jump: clock?.jump,
    onCrash: means.onCrash,
  });
  return { ...agent, ...stateOf(stateDir, ['host-agent.sqlite'], copiesOf(start), agent.isRunning) };
};
