// Hands and actors with the test tools: `hands-child <config>` and `actor-child`, as `openagent` has them.
import { actOnFiles } from '../../host-agent/files/acting.ts';
import { actorPipes, runActor } from '../../host-agent/hands/actor/child.ts';
import { handsConfig, runHands } from '../../host-agent/hands/hands.ts';
import { makeLocalServers } from '../../host-agent/hands/local-servers/local-servers.ts';
import { systemClock } from '../../shared/clock.ts';
import { declaredTestTools, testTools } from './test-tools.ts';

const [command, config = ''] = process.argv.slice(2);
if (command === 'hands-child') {
  const stop = new AbortController();
  process.on('SIGUSR2', () => stop.abort());
  await runHands(handsConfig.parse(JSON.parse(config)), systemClock, stop.signal, declaredTestTools);
} else {
  const background = {
    running: () => 0,
    endMission: async () => undefined,
    hasStrays: () => false,
    endAll: async () => undefined,
  };
  const files = actOnFiles(async () => undefined);
  const servers = makeLocalServers(process.env, systemClock);
  await runActor({ ...actorPipes(), tools: testTools, actOnFiles: files, servers, background, clock: systemClock });
}
process.exit();
