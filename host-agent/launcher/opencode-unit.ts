import { readSettings } from '../config/settings.ts';
import { beginOpenCode } from './children/start-opencode.ts';
import { say, sayOpenCodeAway } from './say.ts';
import { prepareOpenCodeUnit } from './state/start.ts';
import { live } from './until-stopped.ts';

/**
 * `openagent opencode`: OpenCode alone, supervised, as a systemd unit of its own, so that the host-agent may be restarted and
 * updated while turns run. It announces OpenCode in server.json, which is all that the host-agent needs of it. Resolves once it
 * was stopped, with all that OpenCode had started.
 */
export const openCodeUnit = (environment: NodeJS.ProcessEnv): Promise<void> => {
  const settings = readSettings(environment);
  return live(
    () => prepareOpenCodeUnit(settings),
    async (ground, begin, stop) => {
      const away = await beginOpenCode(ground, begin, stop);
      if (stop.aborted) return;
      sayOpenCodeAway(away);
      if (!away) say('OpenCode runs.');
    },
  );
};
