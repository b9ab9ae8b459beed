/** `openagent doctor`: what works on this machine, what is missing and how to get it, one line each. */
import { parseArgs } from 'node:util';
import { readSettings } from '../config/settings.ts';
import { say } from '../launcher/say.ts';
import { lineOf } from './check.ts';
import { edgeChecks } from './edge-checks.ts';
import { edgeUrl } from './edge-url.ts';
import { machineChecks } from './machine-checks.ts';
import { readArguments } from './usage.ts';

/** Prints the lines; resolves with the exit code. */
export const doctor = async (args: string[], environment: NodeJS.ProcessEnv): Promise<number> => {
  const options = { url: { type: 'string' } } as const;
  const { url } = readArguments('doctor', () => parseArgs({ args, options })).values;
  const settings = readSettings(environment);
  const [machine, edge] = await Promise.all([
    machineChecks(settings.workingDir),
    edgeChecks(settings, url === undefined ? undefined : edgeUrl(url)),
  ]);
  const checks = [...machine, ...edge];
  for (const check of checks) say(lineOf(check));
  const missing = checks.filter(({ ok, required }) => !ok && required).length;
  say(
    missing === 0
      ? 'Everything that is required is here.'
      : `${missing} required ${missing === 1 ? 'thing is' : 'things are'} missing.`,
  );
  return missing === 0 ? 0 : 1;
};
