import { type OpenCodeAgent, openCodeCalls } from '../../shared/calls/opencode.ts';
import { AppError } from '../../shared/errors.ts';
import { callHost } from '../hosts/call.ts';
import { hostOfQuery } from '../hosts/chosen.ts';
import type { Context } from '../http/context.ts';

/**
 * Hidden by default (contract §2.4.11), without `build` and `plan`: the contract hides those behind agents of a plugin
 * that is not installed here, and they are the ones that missions run with.
 */
const hiddenAgents = [
  'general',
  'explore',
  'compaction',
  'title',
  'summary',
  'Metis (Plan Consultant)',
  'Momus (Plan Reviewer)',
  'orchestrator-sisyphus',
];

/** OpenCode's own default, which is there unless a configuration removes it. */
const buildAgent = 'build';

/** Contract §2.4.11. */
const desktop = { auto_close_grace_period_secs: 7200, cleanup_interval_secs: 900, warning_before_close_secs: 300 };

type AgentJson = Pick<OpenCodeAgent, 'name'> & Partial<Omit<OpenCodeAgent, 'name' | 'hidden'>>;

interface Known {
  agents: (AgentJson & { hidden?: boolean })[];
  default: string | null;
}

/** Every agent of the server's OpenCode, unfiltered (contract §2.8). */
export const allAgents = async (c: Context): Promise<AgentJson[]> => (await knownAgents(c)).agents.map(withoutMark);

/** The agents a person may choose for a mission: a sub-agent or a hidden one is refused when the mission is created. */
export const selectableAgents = async (c: Context): Promise<AgentJson[]> => selectable(await knownAgents(c));

/** The contract's defaults. The web preselects `default_agent` in a new mission, so it is one that exists. */
export const openAgentConfig = async (c: Context) => {
  const known = await knownAgents(c);
  const names = selectable(known).map(({ name }) => name);
  const preferred = [known.default, buildAgent].find((name) => name !== null && names.includes(name));
  return { hidden_agents: hiddenAgents, default_agent: preferred ?? names[0] ?? buildAgent, desktop };
};

const selectable = ({ agents }: Known): AgentJson[] =>
  agents
    .filter(({ name, mode, hidden }) => mode !== 'subagent' && !hidden && !hiddenAgents.includes(name))
    .map(withoutMark);

const withoutMark = ({ hidden: _, ...agent }: Known['agents'][number]): AgentJson => agent;

/**
 * The agents that OpenCode reports now. While it does not answer: the names that the server reported last, or an empty
 * list.
 */
const knownAgents = async (c: Context): Promise<Known> => {
  const host = await hostOfQuery(c);
  if (host === null) return { agents: [], default: null };
  try {
    const { agents, default_agent } = await callHost(c.env, c.get('principal'), host.id, openCodeCalls.agents, {});
    return { agents, default: default_agent };
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    return { agents: (host.agents ?? []).map((name) => ({ name })), default: null };
  }
};
