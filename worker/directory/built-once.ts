/**
 * Queries that dashboards ask every few seconds. Drizzle takes as long to build one, and to read its rows, as D1 takes
 * to answer it: so it builds each once, when it is first asked, and several are one question to D1.
 */
import { Column, fillPlaceholders, is, type Query, SQL } from 'drizzle-orm';
import { QueryBuilder } from 'drizzle-orm/sqlite-core';
import type { Directory } from './directory.ts';

/** A query with its values, and how a row of what it gives is read. */
export interface Asked<Row> {
  text: string;
  values: unknown[];
  read(given: Record<string, unknown>): Row;
}

/** What drizzle says of a query of columns, and of expressions that have a name. */
interface Built<Row> {
  toSQL(): Query;
  readonly _: { readonly result: Row[]; readonly selectedFields: object };
}

/** Values are `sql.placeholder(name)` in what `build` makes. Columns of the same name can't be told apart. */
export const builtOnce = <Row>(build: (builder: QueryBuilder) => Built<Row>) => {
  let built: Query & Pick<Asked<Row>, 'read'>;
  return (values: Record<string, string | number> = {}): Asked<Row> => {
    if (built === undefined) {
      const query = build(new QueryBuilder());
      built = { ...query.toSQL(), read: readerOf(query) };
    }
    return { text: built.sql, values: fillPlaceholders(built.params, values), read: built.read };
  };
};

/** The one place where what D1 gives gets the type that follows from the columns. */
const readerOf = <Row>(query: Built<Row>): Asked<Row>['read'] => {
  const fields = Object.entries(query._.selectedFields).map(([key, field]) => ({ key, ...fieldOf(field) }));
  return (given) => {
    const row: Record<string, unknown> = {};
    for (const { key, name, decoded } of fields) {
      const value = given[name];
      row[key] = value === null ? null : decoded(value);
    }
    return row as Row;
  };
};

const fieldOf = (field: unknown): { name: string; decoded: (value: unknown) => unknown } => {
  if (is(field, Column)) return { name: field.name, decoded: (value) => field.mapFromDriverValue(value) };
  if (is(field, SQL.Aliased)) return { name: field.fieldAlias, decoded: (value) => value };
  throw new Error('what a query selects has to have a name');
};

/** Asks D1 once, whatever the number of queries: as they are answered there is one state of it. */
export const ask = async <Rows extends unknown[]>(
  db: Directory,
  ...asked: { [Index in keyof Rows]: Asked<Rows[Index]> }
): Promise<{ [Index in keyof Rows]: Rows[Index][] }> => {
  const statements = asked.map(({ text, values }) => db.$client.prepare(text).bind(...values));
  const [only] = statements;
  const results =
    statements.length === 1 && only
      ? [await only.all<Record<string, unknown>>()]
      : await db.$client.batch<Record<string, unknown>>(statements);
  return results.map(({ results: rows }, index) => rows.map((row) => asked[index]?.read(row))) as {
    [Index in keyof Rows]: Rows[Index][];
  };
};
