import * as z from 'zod';
import type { Route } from '../../shared/routes/route.ts';

/** JSON Schema as OpenAPI 3.1 takes it. */
export type JsonSchema = Record<string, unknown>;

/** A schema whose shapes that have a name (`.meta({ id })`) are referred to by it, and described once in `shapes`. */
export const schemaOf = (schema: z.ZodType, io: 'input' | 'output', shapes: Record<string, JsonSchema>): JsonSchema => {
  const { $schema: _, $defs, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  for (const [name, shape] of Object.entries($defs ?? {})) shapes[name] = inDocument(shape);
  return inDocument(own);
};

/** The fields of a path or a query. */
export const fieldsOf = (schema: Route['params']): { name: string; isRequired: boolean; schema: JsonSchema }[] => {
  if (!schema) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, field]) => ({
    name,
    isRequired: required.includes(name),
    schema: typeof field === 'object' ? { ...field } : {},
  }));
};

/**
 * References inside a schema, as they are inside the document. A shape that has a name carries it as `id`, which is no
 * JSON Schema.
 */
const inDocument = (schema: object): JsonSchema =>
  JSON.parse(
    JSON.stringify(schema, (key, value) =>
      key === '$id' || (key === 'id' && typeof value === 'string') ? undefined : value,
    ).replaceAll('"#/$defs/', '"#/components/schemas/'),
  );
