import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** Every source file with what it imports: own files as paths from the root, packages by name. */
const files = ['shared', 'worker', 'host-agent', 'tools'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name) && !name.endsWith('.d.ts'))
    .map((name) => {
      const path = join(folder, name);
      const text = readFileSync(join(root, path), 'utf8');
      const specifiers = [...text.matchAll(/(?:from|import)\s*\(?'([^']+)'/g)].map((match) => match[1] ?? '');
      const imports = specifiers.map((to) => (to.startsWith('.') ? normalize(join(dirname(path), to)) : to));
      return { path, text, imports };
    }),
);

const within = (folder: string) => files.filter(({ path }) => path.startsWith(`${folder}/`));

/** The layers of the host-agent from top to bottom (architecture §6): a file imports its own layer or one below. */
const hostLayers: Record<string, number> = {
  main: 0,
  launcher: 1,
  agent: 2,
  cli: 1,
  machine: 1,
  config: 6,
  link: 3,
  commands: 3,
  calls: 3,
  relay: 3,
  missions: 3,
  opencode: 4,
  providers: 4,
  workspaces: 4,
  files: 4,
  system: 4,
  store: 5,
  process: 6,
};

const hostLayer = (path: string): { name: string; layer: number } | undefined => {
  const name =
    relative('host-agent', path)
      .split('/')[0]
      ?.replace(/\.(ts|mjs)$/, '') ?? '';
  const layer = hostLayers[name];
  return layer === undefined ? undefined : { name, layer };
};

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

test('arrows inside the host-agent only point down', () => {
  const upward = within('host-agent').flatMap(({ path, imports }) =>
    imports
      .filter((to) => to.startsWith('host-agent/'))
      .filter((to) => {
        const [from, target] = [hostLayer(path), hostLayer(to)];
        return from && target && from.name !== target.name && target.layer < from.layer;
      })
      .map((to) => `${path} → ${to}`),
  );

  expect(upward).toEqual([]);
});

test('every folder of the host-agent has its place in the layers', () => {
  expect(
    within('host-agent')
      .filter(({ path }) => !hostLayer(path))
      .map(({ path }) => path),
  ).toEqual([]);
});

test('no file is part of an import cycle', () => {
  const graph = new Map(files.map(({ path, text }) => [path, valueImports(path, text)]));
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
    ws: /^host-agent\/(link|relay)\//,
    '@fastify/busboy': /^host-agent\/files\//,
    commander: /^host-agent\/cli\/program\.ts$/,
    'eventsource-parser': /^host-agent\/cli\/following\//,
    'cloudflare:workers': /^worker\/(host|relay)\/object\.ts$/,
    // What runs before anything is installed, and what builds and tests, has no use for the host-agent's one door.
    execa: /^host-agent\/process\/child\.ts$/,
    'node:child_process': /^(host-agent\/process\/child\.ts|host-agent\/launcher\/bootstrap\/.*\.mjs|tools\/.*)$/,
    // The launcher's lock is SQLite's own: the kernel drops it with the process, whatever way that ends.
    'node:sqlite': /^host-agent\/(store\/|launcher\/(state\/lock|place\/))/,
  };
  const strays = files.flatMap(({ path, imports }) =>
    imports.filter((to) => homes[to] && !homes[to].test(path)).map((to) => `${path} → ${to}`),
  );

  expect(strays).toEqual([]);
});

test('no source file is longer than 300 lines', () => {
  expect(files.filter(({ text }) => text.split('\n').length > 301).map(({ path }) => path)).toEqual([]);
});

/** Imports that exist at run time. Imports of types alone are left out, so a cycle of types is not found. */
const valueImports = (path: string, text: string): string[] =>
  [...text.matchAll(/^(?:import|export)\s+(?!type\b)[^'"]*?from\s+'(\.[^']+)'/gms)].map((match) =>
    normalize(join(dirname(path), match[1] ?? '')),
  );
