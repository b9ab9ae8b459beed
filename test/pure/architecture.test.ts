import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** What a text imports, as it is written: statements, of types too, side effects, and `import('…')`. */
const importsOf = (text: string): string[] =>
  [/^(?:import|export)\s[\w$*,{}\s]*\sfrom\s+'([^']+)'/gm, /^import\s+'([^']+)'/gm, /\bimport\('([^']+)'\)/g].flatMap(
    (form) => [...text.matchAll(form)].map((match) => match[1] ?? ''),
  );

/** Every source file with what it imports: own files as paths from the root, packages by name. */
const files = ['shared', 'worker', 'host-agent', 'tools'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name) && !name.endsWith('.d.ts'))
    .map((name) => {
      const path = join(folder, name);
      const text = readFileSync(join(root, path), 'utf8');
      const imports = importsOf(text).map((to) => (to.startsWith('.') ? normalize(join(dirname(path), to)) : to));
      return { path, text, imports };
    }),
);

const within = (folder: string) => files.filter(({ path }) => path.startsWith(`${folder}/`));

/**
 * The rooms of a folder from top to bottom (architecture §6): a file imports from its own room or from a lower line,
 * never from another room of its line.
 */
const layers: Record<string, readonly string[]> = {
  worker: [
    'index',
    'app',
    'gate routes',
    'docs files opencode stream workspaces',
    'missions',
    'hosts',
    'methods',
    'relay',
    'host',
    'account',
    'auth quotas',
    'http',
    'directory lasting-socket principal',
    'log',
    'close-socket digest env object-away object-socket versioned',
    'attempts',
    'reading',
    'newest',
  ],
  'worker/host': [
    'object',
    'dialled',
    'use-cases',
    'parts',
    'link',
    'transaction',
    'retention',
    'actions upkeep viewers',
    'effects views',
    'record',
    'missions usage',
    'asks messages',
    'text context credential',
    'removed',
    'log',
    'tables replies',
    'meta migrate-positions migrate-retention migrate-sequences migrate-usage migrate-waiting',
    'remembered',
    'undone',
  ],
  'host-agent': [
    'main',
    'program',
    'machine',
    'cli',
    'launcher',
    'agent',
    'calls commands',
    'missions relay',
    'link providers files ports system',
    'opencode workspaces store',
    'hands',
    'warden',
    'config process',
  ],
  'host-agent/launcher': [
    'up dev agent-only opencode-unit',
    'system',
    'ahead',
    'until-stopped edge',
    'children place',
    'say stop-signal',
    'state bootstrap',
    'package-root plugin-file',
  ],
  'host-agent/program': [
    'program',
    'launcher-commands mission-commands server-commands',
    'change-commands',
    'start',
    'ended',
  ],
  'host-agent/cli': [
    'missions quotas retention forward',
    'hosts printing',
    'following',
    'login',
    'exit-codes',
    'edge-api edge-url own-edge hidden-input bad-use',
  ],
  'host-agent/missions': [
    'runner',
    'asks',
    'transcript',
    'mission-files',
    'context',
    'follow-hands live-turns mission-hands parking preparing',
  ],
  'host-agent/opencode': ['process', 'api config', 'plugin'],
  'host-agent/hands': [
    'hands',
    'control server',
    'proxied',
    'calls local-servers',
    'borders place-room',
    'actor asked live',
    'snapshots',
    'tools told',
    'commands fetching mcp',
    'call',
    'declared missions socket',
  ],
};

/** The room of a file in a folder with layers: the name of the folder or file right below it. */
const roomIn = (folder: string, path: string): string => {
  const [first = ''] = relative(folder, path).split('/');
  return first.replace(/\.(ts|mjs)$/, '');
};

const lineOf = (folder: string, room: string): number =>
  layers[folder]?.findIndex((line) => line.split(' ').includes(room)) ?? -1;

test('shared imports only zod', () => {
  const foreign = within('shared').flatMap(({ path, imports }) =>
    imports.filter((to) => to !== 'zod' && !to.startsWith('shared/')).map((to) => `${path} → ${to}`),
  );

  expect(foreign).toEqual([]);
});

test('only what brings the project up to date knows the tools', () => {
  const users = files.filter(({ imports }) => imports.some((to) => to.startsWith('tools/'))).map(({ path }) => path);

  expect(users.filter((path) => !path.startsWith('tools/'))).toEqual(['host-agent/launcher/bootstrap.mjs']);
});

test('the Worker waits and looks at the time only by a clock that it is given', () => {
  const own = /\b(setTimeout|setInterval|Date\.now|performance\.now|scheduler\.wait)\b|new Date\(\)/;
  const strays = [...within('worker'), ...within('shared')].filter(({ text }) => own.test(text));
  const givers = /^worker\/(index|(account|host|relay)\/object)\.ts$/;
  const wild = within('worker').filter(({ path, text }) => /\bsystemClock\b/.test(text) && !givers.test(path));

  expect(strays.map(({ path }) => path)).toEqual(['shared/clock.ts']);
  expect(wild.map(({ path }) => path)).toEqual([]);
});

test('worker and host-agent never import each other', () => {
  const crossing = [...within('shared'), ...within('worker'), ...within('host-agent')].flatMap(({ path, imports }) => {
    const own = path.split('/')[0];
    return imports
      .filter(
        (to) =>
          ['worker', 'host-agent', 'dashboard', 'test'].includes(to.split('/')[0] ?? '') && to.split('/')[0] !== own,
      )
      .map((to) => `${path} → ${to}`);
  });

  expect(crossing).toEqual([]);
});

test.each(Object.keys(layers))('arrows inside %s only point down', (folder) => {
  const upward = within(folder).flatMap(({ path, imports }) => {
    const room = roomIn(folder, path);
    return imports
      .filter((to) => to.startsWith(`${folder}/`) && /\.(ts|mjs)$/.test(to) && roomIn(folder, to) !== room)
      .filter((to) => lineOf(folder, roomIn(folder, to)) <= lineOf(folder, room))
      .map((to) => `${path} → ${to}`);
  });

  expect(upward).toEqual([]);
});

test.each(Object.keys(layers))('every room of %s has its place in the layers, and every place its room', (folder) => {
  const rooms = new Set(within(folder).map(({ path }) => roomIn(folder, path)));

  expect([...rooms].sort()).toEqual((layers[folder] ?? []).flatMap((line) => line.split(' ')).sort());
});

test('what is imported is read off the statements, not off texts that look like one', () => {
  const text = [
    "import { a,\n  type B } from './one.ts';",
    "export * as c from './two.ts';",
    "import './three.ts';",
    "export type { D } from './four.ts';",
    "const e = await import('./five.ts');",
    "const text = `what came from './six.ts'`; // from './seven.ts'",
    "export const other = `DELETE from './eight.ts'`;",
  ].join('\n');

  expect(importsOf(text).toSorted()).toEqual(['./five.ts', './four.ts', './one.ts', './three.ts', './two.ts']);
});

test('the hands load no tool: what agents do is done in actors', () => {
  const known = new Map(files.map(({ path, imports }) => [path, imports]));
  const loaded = new Set<string>();
  const load = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const to of known.get(path) ?? []) load(to);
  };
  load('host-agent/hands/hands.ts');
  const foreign = [...loaded].filter((path) =>
    /^host-agent\/(?!hands|process|warden\/(client|one-line|requests)\.ts)|^host-agent\/hands\/(commands|fetching|snapshots(?!\/words\.ts)|tools|local-servers|actor\/child)/.test(
      path,
    ),
  );

  expect(loaded).toContain('host-agent/hands/server/mcp.ts');
  expect(foreign).toEqual([]);
});

test('no file is part of an import cycle, of types either', () => {
  const graph = new Map(files.map(({ path, imports }) => [path, imports]));
  const cycles: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (path: string, trail: string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    for (const to of graph.get(path) ?? []) visit(to, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of graph.keys()) visit(path, []);

  expect(cycles).toEqual([]);
});

test('each vendor library, and what starts a program, has one home', () => {
  const homes: Record<string, RegExp> = {
    ws: /^host-agent\/link\/socket\.ts$/,
    '@fastify/busboy': /^host-agent\/files\//,
    commander: /^host-agent\/program\//,
    unbash: /^host-agent\/hands\/commands\/simple-commands\.ts$/,
    htmlparser2: /^host-agent\/hands\/fetching\/html\.ts$/,
    jose: /^worker\/auth\/jwt\.ts$/,
    'eventsource-parser': /^host-agent\/(cli\/following|opencode\/(api|plugin)|hands\/mcp)\//,
    'cloudflare:workers': /^worker\/(account|host|relay)\/object\.ts$/,
    // Of its many entries these: the rest (Express, its own ways to serve) is of no use here.
    '@modelcontextprotocol/sdk/client/index.js': /^host-agent\/hands\/mcp\//,
    '@modelcontextprotocol/sdk/client/sse.js': /^host-agent\/hands\/mcp\//,
    '@modelcontextprotocol/sdk/client/streamableHttp.js': /^host-agent\/hands\/mcp\//,
    '@modelcontextprotocol/sdk/server/index.js': /^host-agent\/hands\/server\//,
    '@modelcontextprotocol/sdk/shared/transport.js': /^host-agent\/hands\/(server|mcp)\//,
    '@modelcontextprotocol/sdk/types.js': /^host-agent\/hands\/(server|proxied|mcp|local-servers)\//,
    // What runs before anything is installed, and what builds and tests, has no use for the host-agent's one door.
    execa: /^host-agent\/process\/child\.ts$/,
    'node:child_process': /^(host-agent\/process\/child\.ts|host-agent\/launcher\/bootstrap\/.*\.mjs|tools\/.*)$/,
    // The launcher's lock is SQLite's own: the kernel drops it with the process, whatever way that ends.
    'node:sqlite': /^host-agent\/(store\/|launcher\/(state\/held-lock|place\/))/,
  };
  const strays = files.flatMap(({ path, imports }) =>
    imports.filter((to) => homes[to] && !homes[to].test(path)).map((to) => `${path} → ${to}`),
  );

  expect(strays).toEqual([]);
});

test('the host object is a switchboard of at most 200 lines', () => {
  const lines = files.find(({ path }) => path === 'worker/host/object.ts')?.text.split('\n').length;

  expect(lines).toBeLessThanOrEqual(201);
});

test('a transaction of the host object that is rolled back forgets what it read', () => {
  const own = ['worker/host/remembered.ts', 'worker/host/tables.ts'];
  const users = within('worker/host').filter(({ text }) => text.includes('transactionSync('));

  expect(users.map(({ path }) => path).filter((path) => !own.includes(path))).toEqual([]);
});

test('the host-agent waits and looks at the time only by a clock that it is given', () => {
  // A request over the network has its limit from `AbortSignal.timeout`: only a real machine answers it.
  const own = /\b(setTimeout|setInterval|setImmediate|Date\.now|performance\.now|timers\/promises)\b/;
  const strays = within('host-agent').filter(({ path, text }) => path.endsWith('.ts') && own.test(text));
  // Who gives the machine's clock: what a person starts, and what is asked before anything is there to give one.
  const givers =
    /^host-agent\/(agent|program\/.*|cli\/.*|machine\/.*|launcher\/(ahead\/head-start|children\/(actor|hands|warden)-child|state\/start|place\/try-place)|opencode\/(plugin\/hands-plugin|process\/process)|process\/(log|means)|store\/database)\.ts$/;
  const wild = within('host-agent').filter(({ path, text }) => /\bsystemClock\b/.test(text) && !givers.test(path));

  expect(strays.map(({ path }) => path)).toEqual([]);
  expect(wild.map(({ path }) => path)).toEqual([]);
});

test('no error is made while a module is loaded', () => {
  // An error says where it was made. V8 reads the whole bundle once more to know it, a sixth of the edge's start.
  const made = /^(export )?const \w+( *: *\w+)? =\s+new \w*(Error|Exception)\(/m;

  expect(files.filter(({ text }) => made.test(text)).map(({ path }) => path)).toEqual([]);
});

test('no source file is longer than 300 lines', () => {
  expect(files.filter(({ text }) => text.split('\n').length > 301).map(({ path }) => path)).toEqual([]);
});
