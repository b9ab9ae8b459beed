// Looks at the plan of every query that the Worker and its objects make in these tests: none may read a whole table,
// since each grows with what people do (architecture §8). SQLite chooses plans by the schema alone, as there are no
// statistics: so what is found here, on nearly empty tables, holds for a million rows.
import { env } from 'cloudflare:workers';
import { migrations as accountMigrations } from '../../worker/account/tables.ts';
import { migrations as hostMigrations } from '../../worker/host/tables.ts';

/** Tables that may be read as a whole, and why they stay small. */
const small: Record<string, string> = {
  hosts: 'servers: hundreds at most, and only admins add one',
  meta: 'a dozen values',
  accounts: 'of a server: its owners, who are all told when its log is begun anew, it was removed, or is back',
  servers: 'of an account: those that hold something of its user',
  ended_turns: 'turns that people ended while their server was away, until it is back',
  usage: 'of a server: its owners, whose bytes are added up where a rule bounds them',
  retentions: 'rules of single missions: a thousand at most',
  waiting: 'missions in which a message waits: as many as quotas let wait',
};

/** Steps of migrations read every row once, which is their purpose. */
const isOfMigration = new Set([...hostMigrations, ...accountMigrations].flat());

/** A query with what its plan reads as a whole. */
const found = new Map<string, string[]>();
const seen = new Set<string>();
const unseenOfD1 = new Set<string>();

interface Step {
  detail: string;
}

/**
 * What a plan reads as a whole, but for what is no table of ours: lists in a parameter, rows of the query itself. An
 * index that has only some of the rows was made to be read.
 */
const scansIn = (plan: readonly Step[], query: string, { tables, partial }: Schema): string[] => {
  // In the order in which it is stored, and no more of it than was asked for.
  if (plan.length === 1 && /\bLIMIT\b/i.test(query) && !/\bWHERE\b/i.test(query)) return [];
  return plan.flatMap(({ detail }) => {
    // To make an index for one query everything is read as well.
    const scan = /^(?:SCAN|SEARCH(?= \S+ USING AUTOMATIC )) (\S+)(?: USING (?:COVERING )?INDEX (\S+))?/.exec(detail);
    if (!scan) return [];
    const [, name = '', index = ''] = scan;
    const named = new RegExp(`\\b(?:FROM|JOIN)\\s+"?(\\w+)"?\\s+(?:AS\\s+)?"?${name}\\b`, 'i').exec(query);
    const table = tables.has(name) ? name : (named?.[1] ?? '');
    return tables.has(table) && !(table in small) && !partial.has(index) ? [detail] : [];
  });
};

interface Schema {
  tables: ReadonlySet<string>;
  /** Indexes with a condition. */
  partial: ReadonlySet<string>;
}

interface Master {
  type: string;
  name: string;
  sql: string | null;
}
const everything = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'index')";
const schemaOf = (all: readonly Master[]): Schema => ({
  tables: new Set(all.filter(({ type }) => type === 'table').map(({ name }) => name)),
  partial: new Set(
    all.filter(({ type, sql }) => type === 'index' && /\bWHERE\b/i.test(sql ?? '')).map(({ name }) => name),
  ),
});

const note = (query: string, scans: readonly string[]): void => {
  if (scans.length > 0) found.set(query, [...scans]);
};

/** Whether the Worker asks, and not a test that looks into an object. */
const isOurs = (): boolean => {
  const caller = (new Error().stack ?? '')
    .split('\n')
    .find((line, n) => n > 0 && !/edge\/plans\.ts|host\/remembered\.ts/.test(line));
  return /\/worker\//.test(caller ?? '') && !/\/test\//.test(caller ?? '');
};

/** The same object, whose queries are looked at from here on. */
export const watchObject = (ctx: DurableObjectState): DurableObjectState => {
  const { sql } = ctx.storage;
  const exec = sql.exec.bind(sql);
  const look = (query: string, bindings: unknown[]): void => {
    if (seen.has(query) || isOfMigration.has(query) || !/^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i.test(query)) return;
    if (!isOurs()) return;
    seen.add(query);
    const schema = schemaOf(exec<Master & Record<string, SqlStorageValue>>(everything).toArray());
    const plan = exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...bindings).toArray();
    note(query, scansIn(plan, query, schema));
  };
  const watched: typeof exec = (query, ...bindings) => {
    look(query, bindings);
    return exec(query, ...bindings);
  };
  Object.defineProperty(sql, 'exec', { value: watched, configurable: true });
  return ctx;
};

/** The same database, whose queries are looked at after the test. */
export const watchD1 = (db: D1Database): D1Database =>
  new Proxy(db, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (name === 'prepare' && typeof given[0] === 'string' && !seen.has(given[0])) unseenOfD1.add(given[0]);
        return Reflect.apply(value, target, given);
      };
    },
  });

/** How many queries of the Worker and its objects were looked at in this file. */
export const lookedAt = (): number => seen.size;

/** What was read as a whole since it was asked last, one line for each query. */
export const takeScans = async (): Promise<string[]> => {
  const schema = schemaOf((await env.DB.prepare(everything).all<Master>()).results);
  for (const query of unseenOfD1) {
    unseenOfD1.delete(query);
    if (!/^\s*(select|insert|update|delete|with)\b/i.test(query) || query.includes('d1_migrations')) continue;
    seen.add(query);
    const bindings = Array.from(query.matchAll(/\?/g), () => null);
    const asked = env.DB.prepare(`EXPLAIN QUERY PLAN ${query}`).bind(...bindings);
    const plan = await asked.all<Step>().catch((error: Error) => {
      // A test that takes tables away looks at what is said then.
      if (error.message.includes('no such table')) return { results: [] };
      throw error;
    });
    note(query, scansIn(plan.results, query, schema));
  }
  const lines = [...found].map(([query, scans]) => `${scans.join(', ')}: ${query.replace(/\s+/g, ' ')}`);
  found.clear();
  return lines;
};
