/** Which edge a command talks to, and as whom. */
import { edgeUrl } from '../edge-url.ts';
import { NotLoggedIn } from '../exit-codes.ts';
import { configFolder, readLogin } from './kept.ts';

/** An edge and the token for it; null sends none, as an edge without authentication wants it. */
export interface Edge {
  url: string;
  token: string | null;
}

/** Options that every command has. */
export interface EdgeOptions {
  url?: string;
  token?: string;
}

/**
 * The edge of `--url` and `--token`, else of OPENAGENT_URL and OPENAGENT_TOKEN, else of `openagent login`. A token goes
 * to no other address than the one it was given for. Throws NotLoggedIn when there is no address at all.
 */
export const chosenEdge = async (options: EdgeOptions, environment: NodeJS.ProcessEnv): Promise<Edge> => {
  const variables = { url: environment.OPENAGENT_URL || undefined, token: environment.OPENAGENT_TOKEN || undefined };
  const kept = options.url && options.token ? undefined : await readLogin(configFolder(environment));
  const named = options.url ?? variables.url;
  const url = named === undefined ? kept?.url : edgeUrl(named);
  if (url === undefined) {
    throw new NotLoggedIn(
      'Which edge? Log in with `openagent login <address>`, or set OPENAGENT_URL and OPENAGENT_TOKEN.',
    );
  }
  const variableFits = variables.url === undefined || edgeUrl(variables.url) === url;
  const token =
    options.token ?? (variableFits ? variables.token : undefined) ?? (kept?.url === url ? kept.token : null);
  return { url, token };
};
