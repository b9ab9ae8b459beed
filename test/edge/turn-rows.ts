import { row } from './host-peer.ts';

const usage = { cost_usd: 0.02, input: 1, output: 1, reasoning: 0, cache_read: 0, cache_write: 0 };
export const sha = 'a'.repeat(64);

/** Rows of an ordinary turn, as a host would send them. */
export const turnRows = (mission: string, command: string, turn: string) => ({
  turn,
  opened: row(mission, { type: 'mission.opened', owner: 'alice', workspace: 'w', title: null }),
  started: row(mission, { type: 'turn.started', command, turn, agent: 'build', model: 'lab/m1' }),
  part: row(mission, { type: 'part.opened', turn, part: `prt_${turn}`, kind: 'text' }),
  checkpoint: (off: number, text: string) => row(mission, { type: 'part.checkpoint', part: `prt_${turn}`, off, text }),
  closed: (off: number, text: string, length: number) =>
    row(mission, { type: 'part.closed', part: `prt_${turn}`, off, text, length, sha256: sha }),
  called: row(mission, { type: 'tool.called', turn, tool_call_id: `call_${turn}`, name: 'write', args: { path: 'a' } }),
  result: row(mission, {
    type: 'tool.result',
    tool_call_id: `call_${turn}`,
    name: 'write',
    result: 'ok',
    failed: false,
  }),
  ended: (outcome: string, text = '') =>
    row(mission, {
      type: 'turn.ended',
      command,
      turn,
      outcome,
      answer: [`prt_${turn}`],
      text,
      model: 'lab/m1',
      usage,
    }),
});
