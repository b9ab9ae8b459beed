import { OpenCodeAway } from '../opencode/failure.ts';
import type { Log } from '../process/log.ts';
import { type MissionContext, monotonicMs } from './context.ts';
import { chooseModel } from './model-choice.ts';
import type { Turn } from './turn.ts';

/**
 * Hands a turn's prompt to OpenCode, with ids made from the command. Any but the first sending to the process the turn was
 * committed with is counted before it happens (protocol §4). Throws as Client does; then nobody knows whether it arrived, and
 * OpenCode's stored state tells.
 */
export const sendPrompt = async (context: MissionContext, turn: Turn, isFirst: boolean, log: Log): Promise<void> => {
  const { client, store, upstream, defaults } = context;
  const { record, command, messageID, partID, agent } = turn;
  const instance = upstream.instance();
  if (instance === null) throw new OpenCodeAway('OpenCode went away before the prompt was sent');
  turn.model ??= await chooseModel(client, record.directory, command.args.model ?? defaults.model);
  if (!isFirst || instance !== record.instance) {
    store.turns.resent(record.turn, instance);
    record.resends++;
    record.instance = instance;
  }
  turn.error = null;
  turn.sentAtMs = turn.seenAtMs = turn.heardAtMs = monotonicMs();
  log.info('turn.prompted', { session: record.session, resends: record.resends });
  const text = command.args.content;
  await client.promptAsync(record.session, { messageID, partID, agent, model: turn.model, text });
};
