import { dirname } from 'node:path';
import { wait } from '../../../shared/clock.ts';
import { handsControl } from '../../hands/control/client.ts';
import type { HandsConfig } from '../../hands/hands.ts';
import { openCodeFolders } from '../../opencode/config/folders.ts';
import { secretPlaces } from '../../opencode/config/secret-places.ts';
import { passedToTools } from '../../opencode/process/environment.ts';
import { type AnsweringTimes, stopsAnswering } from '../../process/answering.ts';
import { describeExit } from '../../process/child.ts';
import { nodeCommand, smallYoungHeap } from '../../process/node-command.ts';
import { leaveNote } from '../../process/note.ts';
import type { Start } from '../state/start.ts';
import { type Running, spawnTied } from './children.ts';
import type { Role } from './supervise.ts';

/** Time for the hands to end what agents have started; what is left then is killed with them. */
const graceMs = 6_000;
/** They listen within 200 ms of their start; this bounds a machine that is busy with something else. */
const readyWithinMs = 30_000;
/** Between two looks at hands that do not answer yet. */
const lookMs = 20;

/**
 * The hands as a supervised child, up when they answer, and ended when they do no more (`times`). `script` has the
 * commands `hands-child` and `actor-child`. What agents run has the environment that they are given here.
 */
export const handsRole = (start: Start, script: string, times?: AnsweringTimes): Role => ({
  name: 'hands',
  start: async (signal) => {
    const { settings, means, clock, lock } = start;
    const secrets = secretPlaces(settings.files);
    const [command, ...args] = nodeCommand(smallYoungHeap);
    const config: HandsConfig = {
      directory: settings.files.hands,
      callers: start.ownUsers?.openCode ?? null,
      secretFiles: secrets.files,
      secretFolders: secrets.folders,
      actor: [...nodeCommand(smallYoungHeap), script, 'actor-child'],
      means,
      warden: start.boundary.kind === 'places' ? settings.files.warden : null,
    };
    const home = settings.environment.AGENT_HOME || openCodeFolders(dirname(settings.files.openCodeServer)).home;
    const child = await spawnTied({
      command,
      args: [...args, script, 'hands-child', JSON.stringify(config)],
      env: { ...passedToTools(settings.environment), HOME: home },
      logFile: start.logFileOf('hands'),
      means: { ...means, pidNamespace: false }, // Each actor has one of its own.
      stopSignal: 'SIGUSR2',
      graceMs,
      clock,
    });
    try {
      await lock.record('hands', child.pid);
      await untilAnswering(child, start, signal);
      void endWhenFrozen(child, start, times);
      return child;
    } catch (error) {
      await child.stop();
      throw error;
    }
  },
});

const untilAnswering = async (child: Running, { settings, clock, logFileOf }: Start, stop: AbortSignal) => {
  const control = handsControl(settings.files.hands);
  const ended = child.exited.then((exit) => {
    throw new Error(`The hands did not start: they ${describeExit(exit)}. See ${logFileOf('hands')}`);
  });
  const answering = async (): Promise<void> => {
    const until = clock.steadyMs() + readyWithinMs;
    while (!stop.aborted) {
      const pid = await control.health().then(
        (health) => health.pid,
        () => undefined, // Not there yet.
      );
      if (pid === child.pid) return;
      if (clock.steadyMs() > until) throw new Error(`The hands do not answer. See ${logFileOf('hands')}`);
      await wait(clock, lookMs);
    }
  };
  await Promise.race([ended, answering()]);
};

const frozenText =
  'The process that runs tools had stopped answering, and was ended and started again. What agents were running then ended with ' +
  'it; they are told to look at what is there now.';

/** Frozen hands are ended, upon which they are started again like ones that died: who waits for a call is told so. */
const endWhenFrozen = async (child: Running, { settings, clock, log }: Start, times?: AnsweringTimes) => {
  const control = handsControl(settings.files.hands);
  const answers = async (limitMs: number): Promise<boolean> => {
    const late = new AbortController();
    const cancel = clock.after(limitMs, () => late.abort());
    try {
      return (await control.health(late.signal)).pid === child.pid;
    } catch {
      return false;
    } finally {
      cancel();
    }
  };
  if (!(await stopsAnswering({ exited: child.exited, answers }, clock, times))) return;
  log.error('hands.frozen', { pid: child.pid });
  await leaveNote(settings.files.notes, { at: clock.now(), code: 'hands.frozen', text: frozenText }).catch(
    (error: unknown) => log.error('hands.frozen_not_noted', { error }),
  );
  await child.stop();
};
