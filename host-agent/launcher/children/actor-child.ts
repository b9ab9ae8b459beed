import { systemClock } from '../../../shared/clock.ts';
import { actorPipes, runActor } from '../../hands/actor/child.ts';
import { commands } from '../../hands/commands/of-this-actor.ts';
import { tools } from '../../hands/tools/all.ts';

/** `openagent actor-child`: an actor, as the hands start it. */
export const actorChild = (): Promise<void> => {
  // Signals to everybody end no command: the hands say when it is over, by the end of the input.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  return runActor({ ...actorPipes(), tools, background: commands, clock: systemClock });
};
