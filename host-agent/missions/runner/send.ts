import { wait } from '../../../shared/clock.ts';
import { OpenCodeAway } from '../../opencode/api/failure.ts';
import type { Log } from '../../process/log.ts';
import type { MissionContext } from '../context.ts';
import type { Ingest } from '../transcript/ingest.ts';
import { givenParts } from './given-files.ts';
import { chooseModel } from './model-choice.ts';
import { settleMs } from './outcome.ts';
import { stopSession } from './stop.ts';
import type { Turn } from './turn.ts';

/**
 * Hands a turn's prompt to OpenCode, with ids made from the command. `isIdle`: its session is known to do nothing. Any
 * but the first sending to the process the turn was committed with is counted before it happens (protocol §4). Throws
 * as Client does; then nobody knows whether it arrived, and OpenCode's stored state tells.
 */
export const sendPrompt = async (
  context: MissionContext,
  turn: Turn,
  { isFirst, isIdle }: { isFirst: boolean; isIdle: boolean },
  log: Log,
): Promise<void> => {
  const { client, store, following } = context;
  const { record, command, messageID, partID, agent } = turn;
  const process = following.process();
  if (isFirst && !isIdle) await stopOrphan(context, turn, log);
  if (process === null || following.process() !== process)
    throw new OpenCodeAway('OpenCode went away before the prompt was sent');
  const begun = context.hands.begins(record); // Beside the rest: hands are told before the prompt is sent.
  turn.model ??= await chooseModel(context, record.directory, command.args.model);
  const { mission, args } = command;
  const { owner } = args.spec;
  const asking = { mission, owner, directory: record.directory, content: args.content, model: turn.model, partID };
  const more = await givenParts(context, asking);
  if (!isFirst || process !== record.process) {
    store.turns.resent(record.turn, process);
    record.resends++;
    record.process = process;
  }
  turn.error = null;
  turn.sentAtMs = turn.seenAtMs = turn.heardAtMs = context.clock.steadyMs();
  log.info('turn.prompted', { session: record.session, resends: record.resends });
  const prompt = { messageID, partID, agent, model: turn.model, text: args.content, more };
  await begun;
  await client.promptAsync(record.session, prompt);
};

/**
 * Lets OpenCode set up the directory anew before the prompt is sent again, since something in it is broken. Nothing
 * runs there. Throws as Client does.
 */
export const renewInstance = async (
  { client }: MissionContext,
  ingest: Ingest,
  turn: Turn,
  log: Log,
): Promise<void> => {
  const { session, directory } = turn.record;
  log.warn('turn.instance_broken', { session, directory, error: turn.error?.data?.message });
  await client.disposeInstance(directory);
  turn.setAside = ingest.progress(turn.messageID, turn.command.id).last?.id ?? null;
};

/**
 * What runs in the session before the first prompt of a turn belongs to one that this store has lost. Nobody follows
 * it, and the prompt would only steer it (protocol §6, §9).
 */
const stopOrphan = async ({ client, following, clock }: MissionContext, turn: Turn, log: Log): Promise<void> => {
  const { directory, session } = turn.record;
  if ((await client.status(directory, session)).type === 'idle') return;
  log.warn('turn.orphan_stopped', { session });
  const process = following.process();
  await stopSession({
    client,
    clock,
    log,
    directory,
    session,
    sessions: () => following.members(session),
    isSettled: () => clock.steadyMs() - turn.heardAtMs > settleMs,
    isGivenUp: () => following.process() !== process,
    wait: (ms) => wait(clock, ms),
  });
};
