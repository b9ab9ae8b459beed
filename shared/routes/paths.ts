/**
 * The declared routes as the type that `openapi-fetch` takes (`createClient<Paths>`): derived by the compiler, so there
 * is nothing to generate and nothing to forget.
 */
import type * as z from 'zod';
import type { Route } from './route.ts';
import type { routeGroups } from './routes.ts';

type Declared = (typeof routeGroups)[keyof typeof routeGroups][number];

/** `:name` and `:name{.+}` as OpenAPI writes them. */
type OpenApiPath<P extends string> = P extends `${infer Before}:${infer Name}/${infer After}`
  ? `${Before}{${Name}}/${OpenApiPath<After>}`
  : P extends `${infer Before}:${infer Name}{.+}`
    ? `${Before}{${Name}}`
    : P extends `${infer Before}:${infer Name}`
      ? `${Before}{${Name}}`
      : P;

type PathOf<R> = R extends Route ? OpenApiPath<R['path']> : never;
type MethodOf<R> = R extends Route ? Lowercase<R['method']> : never;
type At<P extends string> = Declared extends infer R
  ? R extends Route
    ? P extends PathOf<R>
      ? R
      : never
    : never
  : never;
type By<R, M extends string> = R extends Route ? (M extends MethodOf<R> ? R : never) : never;

/** What a client sends, before a schema reads it. */
type Sent<T> = T extends z.ZodType ? z.input<T> : never;
/** A field of which a route has none may be left out, and one whose every part may be missing, too. */
type Field<Name extends string, T> = [T] extends [never]
  ? { [N in Name]?: never }
  : Record<never, never> extends T
    ? { [N in Name]?: T }
    : { [N in Name]: T };

type Sendable<R extends Route> = Field<'path', Sent<R['params']>> &
  Field<'query', Sent<R['query']>> &
  (R['isRepeatable'] extends true ? { header?: { 'Idempotency-Key'?: string } } : { header?: never }) & {
    cookie?: never;
  };

type Json<T> = { content: { 'application/json': T } };
type Text = { content: { 'text/plain': string } };

type BodyField<R extends Route> = R['body'] extends { kind: 'optional'; schema: infer S }
  ? { requestBody?: Json<Sent<S>> }
  : R['body'] extends { schema: infer S }
    ? { requestBody: Json<Sent<S>> }
    : R['body'] extends { kind: 'form' }
      ? { requestBody: { content: { 'multipart/form-data': FormData } } }
      : { requestBody?: never };

type Status = keyof NonNullable<Route['errors']> | 415 | 500;

/** Failures are text; what is declared as refused never succeeds. */
type Responses<R extends Route> = Record<Status, Text> &
  (R['answer'] extends { kind: 'json'; schema: infer S extends z.ZodType }
    ? { 200: Json<z.output<S>> }
    : R['answer'] extends { kind: 'refused' | 'socket' }
      ? { 200?: never }
      : { 200: Text });

type Operation<R> = R extends Route ? { parameters: Sendable<R>; responses: Responses<R> } & BodyField<R> : never;

export type Paths = {
  [P in PathOf<Declared>]: { [M in MethodOf<At<P>>]: Operation<By<At<P>, M>> };
};
