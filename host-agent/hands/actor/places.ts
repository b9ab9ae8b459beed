import { describeExit, signalProcess, startChild } from '../../process/child.ts';
import type { ContainmentMeans } from '../../process/namespace.ts';
import type { HandsMission } from '../missions.ts';
import type { ActorProcess } from './actor.ts';

/** Where agents act on this machine (architecture §12): an actor for each. */
export interface Places {
  /** The place in which an owner's agents act. */
  of(owner: string): string;
  /** Starts the actor of a place. Rejects with why it can't be started. */
  start(place: string): Promise<ActorProcess>;
  /** Lets the place's actor work in the mission's directory. May be repeated. Rejects with why it can't. */
  give(mission: HandsMission): Promise<void>;
  /** Bytes of the disk that a place holds; null where it has none of its own. */
  measure(place: string): Promise<number | null>;
}

export interface OnePlaceSpec {
  /** Command line of an actor. */
  command: readonly string[];
  /** The whole environment, its own and that of what agents run. */
  env: NodeJS.ProcessEnv;
  means: ContainmentMeans;
}

/** The machine itself, as the user that we are: one place for everybody, and no boundary between it and us. */
export const onePlace = ({ command, env, means }: OnePlaceSpec): Places => ({
  of: () => 'host',
  give: async () => undefined,
  measure: async () => null,
  start: async () => {
    const child = await startChild({ command, env, isTalkedTo: true, output: 'answers', session: 'own', tie: means });
    const { pid, stdin, stdout } = child;
    if (!stdin || !stdout) throw new Error('an actor was started without pipes');
    const killGroup = (): void => signalProcess(-pid, 'SIGKILL'); // Without a namespace: its process group.
    const gone = child.exited.then((exit) => {
      killGroup();
      return describeExit(exit);
    });
    return {
      pid,
      input: stdin,
      output: stdout,
      gone,
      closed: child.closed,
      kill: () => {
        child.kill();
        killGroup();
      },
    };
  },
});
