import { readSettings } from '../config/settings.ts';
import { hostAgentRole } from './children/host-agent.ts';
import { beginOpenCode } from './children/start-opencode.ts';
import { say, sayOpenCodeAway } from './say.ts';
import { prepareServer } from './state/start.ts';
import { live } from './until-stopped.ts';

/**
 * `openagent agent`: what a server of an edge elsewhere runs. Resolves once it was stopped. The edge may be away: the host-agent
 * dials until it is there, and turns go on meanwhile. `withOpenCode` false leaves OpenCode to a unit of its own.
 */
export const agentOnly = (
  environment: NodeJS.ProcessEnv,
  { withOpenCode }: { withOpenCode: boolean },
): Promise<void> => {
  const settings = readSettings(environment);
  return live(
    () => prepareServer(settings),
    async (ground, begin, stop) => {
      const openCode = withOpenCode ? beginOpenCode(ground, begin, stop) : undefined;
      const failed = await begin(hostAgentRole(ground, process.argv[1] ?? ''), 'The host-agent').firstStart;
      if (stop.aborted) return;
      if (failed) throw failed;
      sayOpenCodeAway(await openCode);
      if (stop.aborted) return;
      say(
        `Open Agent works for ${ground.host.url} as "${ground.host.name}". \`openagent doctor\` says whether the edge answers.`,
      );
    },
  );
};
