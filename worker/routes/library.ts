import { type Context, routes } from '../http/context.ts';
import { notYet } from '../http/not-yet.ts';
import { openAgentConfig, selectableAgents } from '../opencode/agents.ts';

/** Contract §2.4; dashboards switch the page over to a set-up screen that shows this. */
const notConfigured = 'Library not configured. Set a Git repo in Settings.';
const notThere = 'This version of Open Agent has no library yet: the Git repo that is set is not used.';

/** Every endpoint of §2.4 that needs the library's files: method, then path. */
const needLibrary = [
  ['GET', '/status'],
  ['POST', '/sync'],
  ['POST', '/commit'],
  ['POST', '/push'],
  ['POST', '/migrate'],
  ['GET', '/mcps'],
  ['PUT', '/mcps'],
  ['GET', '/plugins'],
  ['PUT', '/plugins'],
  ...['skills', 'skill'].flatMap((skills) => [
    ...collection(skills),
    ['POST', `/${skills}/import`],
    ...['references', 'files'].flatMap((files) =>
      ['GET', 'PUT', 'DELETE'].map((method) => [method, `/${skills}/:name/${files}/:path{.+}`]),
    ),
  ]),
  ...['commands', 'command', 'rule', 'agent', 'tool', 'workspace-template'].flatMap(collection),
  ['POST', '/rename/:item_type/:name'],
  ['GET', '/opencode/settings'],
  ['PUT', '/opencode/settings'],
  ['PUT', '/openagent/config'],
] as [string, string][];

/** A list of named items that are read, written and removed one by one. */
function collection(name: string): string[][] {
  return [['GET', `/${name}`], ...['GET', 'PUT', 'DELETE'].map((method) => [method, `/${name}/:name`])];
}

/** Refused whatever the body is: without a library there is nothing to be right or wrong about. */
const withoutLibrary = (c: Context): Response => {
  const remote = c.req.header('x-openagent-library-remote')?.trim() || c.env.LIBRARY_REMOTE?.trim();
  return notYet(remote ? notThere : notConfigured)(c);
};

/** The library (contract §2.4): what OpenCode knows by itself is answered, the rest needs files that this version does not have. */
export const library = routes()
  .get('/openagent/agents', async (c) => c.json(await selectableAgents(c)))
  .get('/openagent/config', async (c) => c.json(await openAgentConfig(c)));

for (const [method, path] of needLibrary) library.on(method, path, withoutLibrary);
