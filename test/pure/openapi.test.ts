import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { failuresOf, successesOf } from '../../shared/routes/failures.ts';
import type { Who } from '../../shared/routes/route.ts';
import { allRoutes, routeGroups } from '../../shared/routes/routes.ts';
import { openApi, openApiPath } from '../../worker/docs/openapi.ts';
import { docsPage } from '../../worker/docs/page.ts';

const operation = z.looseObject({
  operationId: z.string(),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.enum(['path', 'query', 'header']) })),
  responses: z.record(z.string(), z.unknown()),
});
const document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});
/** As a client reads it. */
const served = JSON.parse(JSON.stringify(openApi()));
const { paths, components } = document.parse(served);

test('the description is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(served));

  expect(result.errors ?? []).toEqual([]);
  expect([result.valid, validator.version]).toEqual([true, '3.1']);
});

test('the description has every declared route with what it can answer, and no other', () => {
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { responses }]) => [method, path, ...Object.keys(responses)].join(' ')),
  );
  const declared = allRoutes.map((route) => {
    const statuses = Object.keys({ ...successesOf(route.answer), ...failuresOf(route) });
    return [route.method.toLowerCase(), openApiPath(route.path), ...statuses].join(' ');
  });

  expect(described.toSorted()).toEqual(declared.toSorted());
});

test('a route is declared once, and the fields of its path are those that its path names', () => {
  const named = allRoutes.map(({ method, path }) => `${method} ${path}`);
  expect(named.filter((name, at) => named.indexOf(name) !== at)).toEqual([]);

  for (const { path, params } of allRoutes) {
    const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
    expect(Object.keys(params?.shape ?? {}).toSorted(), path).toEqual(inPath.toSorted());
  }
});

test('operations have names of their own, and what one refers to is there', () => {
  const names = Object.values(paths).flatMap((operations) =>
    Object.values(operations).map(({ operationId }) => operationId),
  );
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);

  const referred = [...JSON.stringify(served).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to ?? '');
  const shapes = Object.keys(components.schemas).map((name) => `#/components/schemas/${name}`);
  expect(referred.filter((to) => !shapes.includes(to))).toEqual([]);
  expect(new Set(referred).size).toBeGreaterThan(3);
});

test('the page has every declared route, and nothing of a declaration is code in it', async () => {
  const page = String(await docsPage());

  for (const { method, path } of allRoutes) expect(page).toContain(`>${method}</b> <code>${path}</code>`);
  expect(page).not.toMatch(/<script|\son\w+=|javascript:/i);
});

const whom: Record<Who, string> = {
  public: 'everybody',
  user: 'users',
  resident: 'users who have a mission there',
  admin: 'admins',
  host: 'servers',
  launcher: 'the launcher',
};

/** The list of routes at the end of docs/api.md. */
const routesText = (): string =>
  Object.entries(routeGroups)
    .map(([group, routes]) => {
      const rows = routes.map(
        ({ method, path, who, summary }) => `| \`${method} ${path}\` | ${whom[who]} | ${summary} |`,
      );
      return [`### ${group}`, '', '| Call | For | What it does |', '|---|---|---|', ...rows, ''].join('\n');
    })
    .join('\n');

test('docs/api.md lists every declared route (`vitest run --project pure test/pure/openapi.test.ts -u` writes it)', async () => {
  const path = join(import.meta.dirname, '..', '..', 'docs', 'api.md');
  const [written] = readFileSync(path, 'utf8').split('\n### ');

  await expect(`${written?.trimEnd()}\n\n${routesText()}`).toMatchFileSnapshot(path);
});
