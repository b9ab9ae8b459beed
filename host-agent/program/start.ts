/** The commands that run until they are stopped: first of all they look at the place where they are to work. */
import { systemClock } from '../../shared/clock.ts';
import { beginAhead, type Comparable, compare, freePort, type HeadStart } from '../launcher/ahead/head-start.ts';
import { lookFirst } from '../launcher/place/look-first.ts';
import { canLookHere } from '../launcher/place/look-here.ts';
import { say } from '../launcher/say.ts';
import { stopSignal } from '../launcher/stop-signal.ts';
import { ended } from './ended.ts';

type Command = () => Promise<unknown>;

/**
 * Runs what works in WORKING_DIR, once that is known to be of use. `load` gets what runs into memory meanwhile; nothing
 * in it may touch WORKING_DIR, which may hold whoever does. What stops it is said only where the place itself is good.
 */
export const start = (load: () => Promise<Command>, environment: NodeJS.ProcessEnv): Promise<number> =>
  begun(async () => {
    const [place, command] = await Promise.allSettled([lookFirst(environment, systemClock), load()]);
    if (place.status === 'rejected') throw place.reason;
    if (command.status === 'rejected') throw command.reason;
    return command.value;
  });

/** `openagent up` in this terminal. Where it is like the last start, its edge is begun before the rest is loaded. */
export const startUp = async (environment: NodeJS.ProcessEnv): Promise<number> => {
  const comparable = canLookHere() ? await compare(environment) : undefined;
  const kept = comparable?.kept;
  if (!kept) return start(() => loadUp(environment, comparable), environment);
  return begun(async () => {
    const [port] = await Promise.all([freePort(kept), lookFirst(environment, systemClock)]);
    const ahead = await beginAhead(comparable, port);
    return loadUp(environment, comparable, ahead);
  });
};

const loadUp = async (environment: NodeJS.ProcessEnv, comparable?: Comparable, ahead?: HeadStart): Promise<Command> => {
  const { up } = await import('../launcher/up.ts');
  return () => up(environment, comparable?.fingerprint, ahead);
};

/** Runs the command that `find` finds. Until it begins, a stop signal ends this process. */
const begun = (find: () => Promise<Command>): Promise<number> =>
  ended(async () => {
    const stop = stopSignal();
    stop.addEventListener('abort', leave);
    const command = await find();
    const running = command(); // From here on it listens itself.
    stop.removeEventListener('abort', leave);
    await running;
  });

/** What was begun the kernel ends with us, and whoever is held by a disk can't be waited for. */
const leave = (): void => {
  say('Stopped.');
  process.exit(0);
};
