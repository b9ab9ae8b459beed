/** `openagent retention`: for how long a server keeps what happened in its missions, for its admin. */
import * as z from 'zod';
import { hostJson } from '../../shared/enrolment.ts';
import { type RetentionJson, type RetentionRule, retentionChange, retentionJson } from '../../shared/retention.ts';
import { asciiJson } from '../../shared/sse.ts';
import { StartError } from '../config/start-error.ts';
import { BadUse } from './bad-use.ts';
import { dataOf, edgeClient } from './edge-api.ts';
import { chosenEdge, type EdgeOptions } from './login/edge.ts';
import { processEnds } from './printing/ends.ts';

export interface RetentionOptions extends EdgeOptions {
  days?: string;
  bytes?: string;
  /** Everything is kept. */
  keep?: boolean;
  /** Of this mission, by its whole id. */
  mission?: string;
  /** The mission's own rule is taken back. */
  inherit?: boolean;
  json?: boolean;
}

/** Prints what a server keeps for how long, after a change where one is given. Throws BadUse for other words. */
export const showRetention = async (
  server: string,
  { json, ...options }: RetentionOptions,
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const body = changeIn(options);
  const { url, token } = await chosenEdge(options, environment);
  const edge = edgeClient(url, token);
  const params = { path: { id: await idOf(url, server, edge) } };
  if (body !== null)
    await dataOf(url, z.object({ ok: z.literal(true) }), edge.PUT('/api/hosts/{id}/retention', { params, body }));
  const now = await dataOf(url, retentionJson, edge.GET('/api/hosts/{id}/retention', { params }));
  const ends = processEnds(environment);
  for (const line of json ? [asciiJson(now)] : linesOf(now)) ends.out(`${line}\n`);
};

const idOf = async (url: string, wanted: string, edge: ReturnType<typeof edgeClient>): Promise<string> => {
  const all = await dataOf(url, z.array(hostJson), edge.GET('/api/hosts'));
  const [found, second] = all.filter(({ id, name }) => id === wanted || name === wanted);
  if (!found) throw new StartError(`The edge at ${url} has no server "${wanted}". \`openagent hosts list\` shows all.`);
  if (second) throw new StartError(`Several servers are called "${wanted}": give the id.`);
  return found.id;
};

/** The change that options ask for; null for none. */
const changeIn = ({
  days,
  bytes,
  keep,
  mission,
  inherit,
}: RetentionOptions): z.input<typeof retentionChange> | null => {
  const isRule = days !== undefined || bytes !== undefined;
  if ([isRule, keep, inherit].filter((given) => given).length > 1)
    throw new BadUse('--keep, --inherit, and --days with --bytes are three different rules: give one');
  if (!isRule && !keep && !inherit) {
    if (mission === undefined) return null;
    throw new BadUse('Say what applies to the mission: --days, --bytes, --keep or --inherit');
  }
  const change = retentionChange.safeParse({
    ...(days === undefined ? {} : { days: Number(days) }),
    ...(bytes === undefined ? {} : { bytes: Number(bytes) }),
    ...(mission === undefined ? {} : { mission }),
    ...(inherit ? { inherit: true } : {}),
  });
  if (change.success) return change.data;
  const issue = change.error.issues[0];
  throw new BadUse(`No such rule: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
};

const linesOf = ({
  missions,
  log_bytes,
  log_percent,
  archive,
  archive_away: away,
  ...rule
}: RetentionJson): string[] => [
  `server: ${ruleText(rule)}`,
  ...missions.map(({ mission, ...own }) => `mission ${mission}: ${ruleText(own)}`),
  `its missions have ${log_bytes} bytes; the log is ${log_percent} % full`,
  archive
    ? 'What leaves is kept in the archive.'
    : 'No archive is bound: what leaves is gone (docs/configuration.md, "Retention").',
  ...(away ? [`The archive fails since ${away.since} (${away.text}): nothing leaves until it works.`] : []),
];

const ruleText = ({ days, bytes }: RetentionRule): string => {
  const bounds = [days === null ? [] : `${days} days`, bytes === null ? [] : `${bytes} bytes`].flat();
  return bounds.length === 0 ? 'everything is kept' : `${bounds.join(' and ')} are kept`;
};
