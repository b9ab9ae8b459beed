// The library (contract §2.4), which this version does not have: every endpoint says so as the web app expects it, with
// 503.
import { expect } from 'vitest';
import * as z from 'zod';
import { int } from '../contract/scalars.ts';
import { absent, type RouteCase } from './case.ts';

const library = '/api/library';
const notConfigured = 'Library not configured. Set a Git repo in Settings.';
const withRemote = { headers: { 'x-openagent-library-remote': 'https://example.org/library.git' } };

/** As §2.4 lists them: items that are listed, read, written and removed one by one. */
const collections = ['skills', 'skill', 'commands', 'command', 'rule', 'agent', 'tool', 'workspace-template'];
const needsLibrary = [
  ...['GET status', 'POST sync', 'POST commit', 'POST push', 'POST migrate'],
  ...['GET mcps', 'PUT mcps', 'GET plugins', 'PUT plugins'],
  ...collections.flatMap((name) => [
    `GET ${name}`,
    ...['GET', 'PUT', 'DELETE'].map((method) => `${method} ${name}/:name`),
  ]),
  ...['skills', 'skill'].flatMap((name) => [
    `POST ${name}/import`,
    ...['references', 'files'].flatMap((files) =>
      ['GET', 'PUT', 'DELETE'].map((method) => `${method} ${name}/:name/${files}/:path{.+}`),
    ),
  ]),
  ...['POST rename/:item_type/:name', 'GET opencode/settings', 'PUT opencode/settings', 'PUT openagent/config'],
];

const agent = z.looseObject({ name: z.string().min(1) });

export const libraryCases: RouteCase[] = [
  ...needsLibrary.map((each): RouteCase => {
    const [method, path] = each.split(' ');
    const params = { name: 'a%20name', path: 'docs/read%20me.md', item_type: 'skill' };
    const known = absent(`${method} ${library}/${path}`, notConfigured, 503, params);
    // With a remote of one's own the text is another, and the status the same: the page shows it.
    return { ...known, bad: [...known.bad, { send: withRemote, status: 503, says: /library/i }] };
  }),
  {
    route: `GET ${library}/openagent/agents`,
    good: [
      {
        is: z.array(agent).min(1),
        and: (agents: { name: string }[]) => expect(agents.map(({ name }) => name)).toContain('build'),
      },
    ],
    bad: [],
  },
  {
    route: `GET ${library}/openagent/config`,
    good: [
      {
        is: z.strictObject({
          hidden_agents: z.array(z.string()),
          default_agent: z.string().nullable(),
          desktop: z.strictObject({
            auto_close_grace_period_secs: int,
            cleanup_interval_secs: int,
            warning_before_close_secs: int,
          }),
        }),
      },
    ],
    bad: [],
  },
];
