import type { AgentTreeNode } from '../../../shared/api.ts';
import { messageText } from '../messages/messages.ts';
import { getMission } from './missions.ts';

/** OpenCode's tool that starts a sub-agent. */
const subAgentTool = 'task';
export const startsSubAgent = (tool: string): boolean => tool === subAgentTool;

/** The rows of one turn that are read at most; more sub-agents than that nobody follows. */
const maxRows = 1_000;
/** The newest sub-agents are shown, since a tree goes out at each start and end of one. */
const maxAgents = 100;
/** Contract §2.2: so much of a text is its description. */
const descriptionChars = 60;
/** The original's figure, in cents; nothing is ever stopped for it. */
const allocatedCents = 1_000;

type TreeRow = {
  type: string;
  sequence: number | null;
  turn: string | null;
  command: string | null;
  model: string | null;
  outcome: string | null;
  cost_usd: number | null;
  call: string | null;
  parent: string | null;
  failed: number | null;
  agent: string | null;
  description: string | null;
};

/**
 * The condition is that of the index `log_tree`, word for word, or it would not be used. Texts are cut, so that the
 * rows stay small whatever a host or a model wrote.
 */
export const treeRows = `SELECT type, sequence, json_extract(body, '$.turn') AS turn, json_extract(body, '$.command') AS command,
    substr(json_extract(body, '$.model'), 1, 200) AS model, json_extract(body, '$.outcome') AS outcome,
    coalesce(json_extract(body, '$.usage.cost_usd'), json_extract(body, '$.cost_usd')) AS cost_usd, substr(json_extract(body, '$.tool_call_id'), 1, 200) AS call,
    substr(json_extract(body, '$.parent_call'), 1, 200) AS parent, json_extract(body, '$.failed') AS failed,
    substr(coalesce(json_extract(body, '$.args.subagent_type'), json_extract(body, '$.args.agent')), 1, 200) AS agent,
    substr(coalesce(json_extract(body, '$.args.description'), json_extract(body, '$.args.prompt')), 1, 200) AS description
  FROM log WHERE mission = ? AND seq <= ? AND (type IN ('turn.started', 'turn.ended')
       OR (type IN ('tool.called', 'tool.result') AND json_extract(body, '$.name') = 'task'))
  ORDER BY seq DESC LIMIT ${maxRows}`;

interface TurnRows {
  started: TreeRow | null;
  ended: TreeRow | null;
  /** In order of their starts. */
  calls: TreeRow[];
  /** By call id. */
  results: Map<string, TreeRow>;
}

/** What the log has of a turn's agents up to `seq`. */
const readTurn = (sql: SqlStorage, mission: string, turn: string, seq: number): TurnRows => {
  const rows: TurnRows = { started: null, ended: null, calls: [], results: new Map() };
  for (const row of sql.exec<TreeRow>(treeRows, mission, seq)) {
    const isOurs = row.turn === turn;
    // Rows are read from the newest to the oldest, until the rows of another turn begin. A turn whose start was
    // reported twice must not end the search early.
    if (row.turn !== null && !isOurs && rows.started !== null) break;
    if (row.type === 'tool.result' && row.call !== null) rows.results.set(row.call, row);
    if (!isOurs) continue;
    if (row.type === 'turn.started') rows.started = row;
    // A second end (the host's own, after the edge ended the turn) has no sequence and is ignored.
    if (row.type === 'turn.ended' && row.sequence !== null) rows.ended = row;
    if (row.type === 'tool.called' && rows.calls.length < maxAgents) rows.calls.push(row);
  }
  rows.calls.reverse();
  return rows;
};

/** A mission's tree as it is now: that of its last turn; null before the first. */
export const missionTree = (sql: SqlStorage, id: string): AgentTreeNode | null => {
  const mission = getMission(sql, id);
  const turn = mission?.turn ?? mission?.endedTurn ?? null;
  if (turn === null) return null;
  const rows = readTurn(sql, id, turn, Number.MAX_SAFE_INTEGER);
  const isLive = mission?.turn === turn;
  // All of it has left the log: what became of it is not known here any more.
  if (!isLive && mission !== null && mission.pruned > 0 && rows.started === null && rows.ended === null) return null;
  return treeOf(sql, id, turn, rows, isLive);
};

/** The tree as it was when row `seq` of the mission was written; null where the row is of no turn that is known. */
export const treeAt = (sql: SqlStorage, id: string, turn: string | null, seq: number): AgentTreeNode | null => {
  const mission = getMission(sql, id);
  const wanted = turn ?? mission?.turn ?? mission?.endedTurn ?? null;
  if (wanted === null) return null;
  const rows = readTurn(sql, id, wanted, seq);
  return rows.started === null && rows.ended === null ? null : treeOf(sql, id, wanted, rows, true);
};

/** `isLive`: without a stored end the turn goes on. */
const treeOf = (sql: SqlStorage, id: string, turn: string, rows: TurnRows, isLive: boolean): AgentTreeNode => {
  const { started, ended } = rows;
  const status = ended ? (ended.outcome === 'completed' ? 'completed' : 'failed') : isLive ? 'running' : 'failed';
  const model = ended?.model ?? started?.model ?? null;
  const command = started?.command ?? ended?.command ?? null;
  const prompt = command === null ? '' : (messageText(sql, command) ?? '');
  const spent = cents(ended?.cost_usd ?? costSoFar(sql, id, turn));
  const session = {
    ...node('opencode', 'OpenCodeSession', 'OpenCode Session', 'Session on the server', status, spent),
    children: agents(rows, status === 'running'),
  };
  return {
    ...node('root', 'OpenCode', 'OpenCode Agent', beginning(prompt), status, spent),
    ...(model === null ? {} : { selected_model: model }),
    children: [session],
  };
};

const cents = (dollars: number): number => Math.round(dollars * 100);

const costSoFar = (sql: SqlStorage, id: string, turn: string): number => {
  const mission = getMission(sql, id);
  return mission?.turn === turn ? mission.turn_cost_usd : 0;
};

/**
 * Sub-agents below the call of the agent that started them. One whose parent is not among the newest stands at the top.
 */
const agents = ({ calls, results }: TurnRows, isLive: boolean): AgentTreeNode[] => {
  const top: AgentTreeNode[] = [];
  const known = new Map<string, AgentTreeNode>();
  for (const { call, parent, agent, description } of calls) {
    if (call === null || known.has(call)) continue;
    const result = results.get(call);
    const status = result ? (result.failed === 1 ? 'failed' : 'completed') : isLive ? 'running' : 'failed';
    const spent = cents(result?.cost_usd ?? 0);
    const made = node(call, 'SubAgent', agent ?? 'sub-agent', beginning(description ?? ''), status, spent);
    known.set(call, made);
    ((parent === null ? undefined : known.get(parent)?.children) ?? top).push(made);
  }
  return top;
};

const node = (
  id: string,
  type: string,
  name: string,
  description: string,
  status: AgentTreeNode['status'],
  budget_spent: number,
): AgentTreeNode => ({
  id,
  type,
  node_type: type,
  name,
  description,
  status,
  budget_allocated: allocatedCents,
  budget_spent,
  children: [],
});

/** Whole characters: half of one would not survive as JSON. */
const beginning = (text: string): string =>
  [...text.slice(0, 2 * descriptionChars)].slice(0, descriptionChars).join('');
