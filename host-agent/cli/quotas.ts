/** `openagent quotas`: what a user may have of a server at a time, and what an admin makes of it. */
import * as z from 'zod';
import { type QuotaJson, quotaChanges, quotaJson } from '../../shared/quotas.ts';
import { asciiJson } from '../../shared/sse.ts';
import { BadUse } from './bad-use.ts';
import { dataOf, edgeClient } from './edge-api.ts';
import { chosenEdge, type EdgeOptions } from './login/edge.ts';
import { processEnds } from './printing/ends.ts';
import { plainLine } from './printing/plain.ts';

export interface QuotaOptions extends EdgeOptions {
  /** Whose quotas, by user id; else one's own, or everybody's where some are changed. */
  of?: string;
  json?: boolean;
}

/** Prints quotas, or changes those that are given as `name=number` or `name=default`. Throws BadUse for other words. */
export const showQuotas = async (
  given: readonly string[],
  { of: user, json, ...options }: QuotaOptions,
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const body = changesIn(given);
  const { url, token } = await chosenEdge(options, environment);
  const edge = edgeClient(url, token);
  const ofUser = user === undefined ? null : { path: { user } };
  if (given.length > 0) {
    const call = ofUser ? edge.PUT('/api/quotas/{user}', { params: ofUser, body }) : edge.PUT('/api/quotas', { body });
    await dataOf(url, z.object({ ok: z.literal(true) }), call);
  }
  const read = ofUser ? edge.GET('/api/quotas/{user}', { params: ofUser }) : edge.GET('/api/quotas');
  const ends = processEnds(environment);
  for (const quota of await dataOf(url, z.array(quotaJson), read))
    ends.out(json ? `${asciiJson(quota)}\n` : `${lineOf(quota)}\n`);
};

const changesIn = (given: readonly string[]): z.infer<typeof quotaChanges> => {
  const entries = given.map((word): [string, number | null] => {
    const [, name, value] = /^([a-z_]+)=(\d{1,15}|default)$/.exec(word) ?? [];
    if (name === undefined || value === undefined)
      throw new BadUse(`"${word}" is no change of a quota: write name=number, or name=default`);
    return [name, value === 'default' ? null : Number(value)];
  });
  const changes = quotaChanges.safeParse(Object.fromEntries(entries));
  if (changes.success) return changes.data;
  const issue = changes.error.issues[0];
  throw new BadUse(`No such quota, or no such number for it: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
};

const nameColumns = 'mission_waiting_messages'.length;

const lineOf = ({ name, limit, default: byDefault, used, unit, per }: QuotaJson): string => {
  const use = `${used ?? '?'} of ${limit} ${plainLine(unit)}`;
  const changed = limit === byDefault ? '' : `  (default ${byDefault})`;
  return `${plainLine(name).padEnd(nameColumns)}  ${use} per ${plainLine(per)}${changed}`;
};
