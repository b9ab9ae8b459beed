import packageJson from '../../package.json';
import { assertNever } from '../../shared/errors.ts';
import { failuresOf, successesOf } from '../../shared/routes/failures.ts';
import type { Answer, Body, Route, Who } from '../../shared/routes/route.ts';
import { routeGroups } from '../../shared/routes/routes.ts';
import { fieldsOf, type JsonSchema, schemaOf } from './schemas.ts';

/** The declared routes as an OpenAPI 3.1 document: nothing in it is written here that a declaration says. */
export const openApi = () => {
  const shapes: Record<string, JsonSchema> = {};
  const paths: Record<string, Record<string, object>> = {};
  for (const [group, routes] of Object.entries(routeGroups)) {
    for (const route of routes) {
      const path = openApiPath(route.path);
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(group, route, shapes) };
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Open Agent',
      version: packageJson.version,
      description:
        'Failures are one line of plain text for people. The events of streams are described in docs/protocol.md.',
    },
    servers: [{ url: '/' }],
    tags: Object.keys(routeGroups).map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        user: { type: 'http', scheme: 'bearer', description: 'A token of POST /api/auth/login' },
        host: { type: 'http', scheme: 'bearer', description: "A server's id and credential, joined by a dot" },
        launcher: { type: 'http', scheme: 'bearer', description: 'Known to the launcher of this edge alone' },
      },
      schemas: shapes,
    },
  };
};

/** `:name` and `:name{.+}` as OpenAPI writes them. */
export const openApiPath = (path: string): string => path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}');

const descriptionOf = (who: Who): { description?: string } => {
  if (who === 'admin') return { description: 'For admins.' };
  return who === 'resident' ? { description: 'For users who have a mission on that server, and for admins.' } : {};
};

const securityOf = (who: Who): object[] => {
  switch (who) {
    case 'public':
      return [];
    case 'user':
    case 'resident':
    case 'admin':
      return [{ user: [] }];
    case 'host':
    case 'launcher':
      return [{ [who]: [] }];
    default:
      return assertNever(who);
  }
};

const operation = (group: string, route: Route, shapes: Record<string, JsonSchema>): object => ({
  tags: [group],
  operationId: `${route.method.toLowerCase()}${route.path.replace(/^\/api/, '').replace(/\W+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
  summary: route.summary,
  ...descriptionOf(route.who),
  security: securityOf(route.who),
  parameters: [
    ...fieldsOf(route.params).map(({ name, schema }) => ({ name, in: 'path', required: true, schema })),
    ...fieldsOf(route.query).map(({ name, isRequired, schema }) => ({
      name,
      in: 'query',
      required: isRequired,
      schema,
    })),
    ...(route.isRepeatable ? [idempotencyKey] : []),
  ],
  ...(route.body ? { requestBody: requestBody(route.body, shapes) } : {}),
  responses: responses(route, shapes),
});

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Whoever sends the same call again with the same key does it once',
  schema: { type: 'string', minLength: 1, maxLength: 200 },
};

const requestBody = (body: Body, shapes: Record<string, JsonSchema>): object =>
  body.kind === 'form'
    ? { required: true, description: body.about, content: { 'multipart/form-data': { schema: { type: 'object' } } } }
    : {
        required: body.kind !== 'optional',
        content: { 'application/json': { schema: schemaOf(body.schema, 'input', shapes) } },
      };

const text = { 'text/plain': { schema: { type: 'string' } } };

/** What a call can get, by status. */
const responses = (route: Route, shapes: Record<string, JsonSchema>): object => {
  const successes = Object.entries(successesOf(route.answer)).map(([status, description]) => [
    status,
    { description, ...(status === '304' ? {} : contentOf(route.answer, shapes)) },
  ]);
  const failures = Object.entries(failuresOf(route)).map(([status, description]) => [
    status,
    { description, content: text },
  ]);
  return Object.fromEntries([...successes, ...failures]);
};

const contentOf = (answer: Answer, shapes: Record<string, JsonSchema>): object => {
  switch (answer.kind) {
    case 'json':
      return { content: { 'application/json': { schema: schemaOf(answer.schema, 'output', shapes) } } };
    case 'text':
      return { content: text };
    case 'bytes':
      return { content: { [answer.type]: {} } };
    case 'stream':
      return { content: { 'text/event-stream': {} } };
    case 'socket':
    case 'refused':
      return {};
  }
};
