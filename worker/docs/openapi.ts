import packageJson from '../../package.json';
import type { Answer, Body, Route } from '../../shared/routes/route.ts';
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

const operation = (group: string, route: Route, shapes: Record<string, JsonSchema>): object => ({
  tags: [group],
  operationId: `${route.method.toLowerCase()}${route.path.replace(/^\/api/, '').replace(/\W+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
  summary: route.summary,
  ...(route.who === 'admin' ? { description: 'For admins.' } : {}),
  security: route.who === 'public' ? [] : [{ [route.who === 'admin' ? 'user' : route.who]: [] }],
  parameters: [
    ...fieldsOf(route.params).map(({ name, schema }) => ({ name, in: 'path', required: true, schema })),
    ...fieldsOf(route.query).map(({ name, isRequired, schema }) => ({
      name,
      in: 'query',
      required: isRequired,
      schema,
    })),
  ],
  ...(route.body ? { requestBody: requestBody(route.body, shapes) } : {}),
  responses: { ...success(route.answer, shapes), ...failures(route) },
});

const requestBody = (body: Body, shapes: Record<string, JsonSchema>): object =>
  body.kind === 'form'
    ? { required: true, description: body.about, content: { 'multipart/form-data': { schema: { type: 'object' } } } }
    : {
        required: body.kind !== 'optional',
        content: { 'application/json': { schema: schemaOf(body.schema, 'input', shapes) } },
      };

const text = { 'text/plain': { schema: { type: 'string' } } };

const success = (answer: Answer, shapes: Record<string, JsonSchema>): object => {
  switch (answer.kind) {
    case 'json':
      return {
        200: {
          description: 'Done',
          content: { 'application/json': { schema: schemaOf(answer.schema, 'output', shapes) } },
        },
      };
    case 'text':
      return { 200: { description: answer.about, content: text } };
    case 'bytes':
      return { 200: { description: answer.about, content: { [answer.type]: {} } } };
    case 'stream':
      return { 200: { description: answer.about, content: { 'text/event-stream': {} } } };
    case 'socket':
      return { 101: { description: answer.about } };
    case 'refused':
      return {};
  }
};

/** Failures that calls of this form can have beside those that are declared (contract §1.4). */
const failures = ({ who, params, query, body, answer, errors = {} }: Route): object => {
  const usual: Record<string, string> = {
    ...(params || query ? { 400: 'The path or the query is not understood' } : {}),
    ...(who === 'public' ? {} : { 401: 'The token is missing, wrong or expired' }),
    ...(who === 'admin' ? { 403: 'Only an admin may do this' } : {}),
    ...(body && body.kind !== 'form'
      ? { 400: 'The body is not JSON', 413: 'The body is too large', 422: 'The body is not of this form' }
      : {}),
    ...(body?.kind === 'required' || body?.kind === 'exact' ? { 415: 'The body is not announced as JSON' } : {}),
    ...(answer.kind === 'refused' ? {} : { 503: 'The server is away, or none is enrolled' }),
    500: 'A fault of ours, with a reference to the log',
  };
  const all = Object.entries({ ...usual, ...errors });
  return Object.fromEntries(all.map(([status, description]) => [status, { description, content: text }]));
};
