import * as z from 'zod';
import { StartError } from '../../config/start-error.ts';
import { dataOf, type EdgeHealth, edgeClient, edgeHealth } from '../edge-api.ts';
import { hiddenInput } from '../hidden-input.ts';

const loginAnswer = z.object({ token: z.string() });

/**
 * A token for the edge at `url`, null where it wants none. The password comes from OPENAGENT_PASSWORD or standard
 * input, never from an argument: those can be read by every user of a machine.
 */
export const logIn = async (
  url: string,
  environment: NodeJS.ProcessEnv,
  user: string | undefined,
): Promise<string | null> => {
  const health = await edgeHealth(url);
  if (health.auth_mode === 'multi_user' && !user) {
    throw new StartError(`The edge at ${url} has several users: say who you are with --user <name>.`);
  }
  return tokenFor(url, health, environment, user);
};

/** The same for an edge that was asked already what it wants. */
export const tokenFor = async (
  url: string,
  { auth_required }: EdgeHealth,
  environment: NodeJS.ProcessEnv,
  user: string | undefined,
): Promise<string | null> => {
  if (!auth_required) return null;
  const password = environment.OPENAGENT_PASSWORD || (await hiddenInput(`Password for ${url}: `));
  if (password === '') throw new StartError('No password was given. Set OPENAGENT_PASSWORD, or type it when asked.');
  const body = { password, ...(user ? { username: user } : {}) };
  return (await dataOf(url, loginAnswer, edgeClient(url).POST('/api/auth/login', { body }))).token;
};
