import { homedir } from 'node:os';
import { systemClock } from '../../../shared/clock.ts';
import { actOnFiles } from '../../files/acting.ts';
import { actorPipes, runActor } from '../../hands/actor/child.ts';
import { commands } from '../../hands/commands/of-this-actor.ts';
import { makeLocalServers } from '../../hands/local-servers/local-servers.ts';
import { snapshotsTool } from '../../hands/snapshots/tool.ts';
import { tools } from '../../hands/tools/all.ts';
import { seedConfigDirectory } from '../../opencode/config/seed.ts';
import { openCodeBinary } from '../../opencode/process/binary.ts';
import { actOnPorts } from '../../ports/acting.ts';
import { ownHome } from '../../warden/config.ts';

/** `openagent actor-child [own-home]`: an actor, as the hands or the warden start it. */
export const actorChild = (at: string | undefined): Promise<void> => {
  const seed = (directory: string) => seedConfigDirectory(directory, openCodeBinary().version);
  // Signals to everybody end no command: the hands say when it is over, by the end of the input.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  return runActor({
    ...actorPipes(),
    tools: [...tools, snapshotsTool(systemClock)],
    actOnFiles: actOnPorts(at === ownHome, actOnFiles(seed, at === ownHome ? homedir() : undefined)),
    servers: makeLocalServers(process.env, systemClock),
    background: commands,
    clock: systemClock,
  });
};
