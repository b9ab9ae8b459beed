/** `openagent doctor`: what works on this machine, what is missing and how to get it, one line each. */
import { edgeUrl } from '../cli/edge-url.ts';
import { readSettings } from '../config/settings.ts';
import { say } from '../launcher/say.ts';
import { agentsChecks } from './agents-checks.ts';
import { lineOf } from './check.ts';
import { edgeChecks } from './edge-checks.ts';
import { handsChecks } from './hands-checks.ts';
import { machineChecks } from './machine-checks.ts';

/** Prints one line for each check. Resolves with the exit code: 0 when everything that is required is there. */
export const doctor = async ({ url }: { url?: string }, environment: NodeJS.ProcessEnv): Promise<number> => {
  const settings = readSettings(environment);
  const [machine, hands, edge] = await Promise.all([
    machineChecks(settings.workingDir),
    handsChecks(settings),
    edgeChecks(settings, url === undefined ? undefined : edgeUrl(url)),
  ]);
  const checks = [...machine, ...hands, ...(await agentsChecks(settings)), ...edge];
  for (const check of checks) say(lineOf(check));
  const missing = checks.filter(({ ok, required }) => !ok && required).length;
  say(
    missing === 0
      ? 'Everything that is required is here.'
      : `${missing} required ${missing === 1 ? 'thing is' : 'things are'} missing.`,
  );
  return missing === 0 ? 0 : 1;
};
