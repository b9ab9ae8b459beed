/** Snapshots as an actor has them: a tool that is declared to nobody, so that no agent can call it. */
import type { Clock } from '../../../shared/clock.ts';
import type { Outcome } from '../call/outcome.ts';
import type { Tool } from '../call/tool.ts';
import { Refusal } from './refusal.ts';
import { type Snapshots, snapshotsOf } from './verbs.ts';
import { snapshotsName, snapshotVerb, type VerbAnswer } from './words.ts';

export const snapshotsTool = (clock: Clock): Tool => {
  const snapshots = snapshotsOf(clock);
  return {
    name: snapshotsName,
    description: 'Keeps what the files of a mission are.',
    args: {},
    run: async (args) => said(await answerOf(snapshots, args)),
  };
};

const answerOf = async (snapshots: Snapshots, args: unknown): Promise<VerbAnswer> => {
  try {
    return { ok: true, value: await snapshots(snapshotVerb.parse(args)) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, code: error.code, text: error.message };
    throw error; // It is told like a failure of any tool.
  }
};

const said = (answer: VerbAnswer): Outcome => ({ kind: 'failed', text: JSON.stringify(answer) });
