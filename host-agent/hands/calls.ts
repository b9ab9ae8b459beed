/** A call from its beginning to its end: whose it is, its actor, what is shown of it, what leaves the hands. */
import type { Clock } from '../../shared/clock.ts';
import { assertNever } from '../../shared/errors.ts';
import type { Log } from '../process/log.ts';
import type { Redactor } from '../process/redact.ts';
import { ActorEnded } from './actor/actor.ts';
import { ActorNotStarted, type Actors } from './actor/actors.ts';
import { checkedOutcome } from './actor/frames.ts';
import type { Places } from './actor/places.ts';
import { type Asked, redacted } from './asked.ts';
import type { Borders } from './borders.ts';
import type { Caller } from './call/caller.ts';
import type { Ask, Outcome } from './call/outcome.ts';
import { type View, view } from './call/view.ts';
import type { Live } from './live.ts';
import type { HandsMission, Missions } from './missions.ts';
import type { PlaceRoom } from './place-room.ts';

export interface Call extends Caller {
  tool: string;
  args: Record<string, unknown>;
  /** No agent's call, and it changes nothing: nothing of it is shown to viewers. */
  isQuiet?: boolean;
  /** Aborts when whoever made it is gone. */
  signal: AbortSignal;
  /** Is told what it prints, as it comes and without secrets. */
  printed(text: string): void;
}

export interface Calls {
  /** Runs a call. Never rejects: what goes wrong the model is told. Nothing in the result is a known secret. */
  run(call: Call): Promise<Outcome>;
  /** Cancels one call, if it runs: it still ends with an outcome. */
  stop(call: Named): void;
  /** Cancels all calls of a mission that run; out: how many. */
  cancel(mission: string): number;
  /** That run now. */
  count(): number;
}

/** What a call is known by. */
type Named = Pick<Caller, 'session' | 'message' | 'call'>;

export interface CallsParts {
  missions: Missions;
  places: Pick<Places, 'of'>;
  actors: Actors;
  live: Live;
  asked: Asked;
  borders: Pick<Borders, 'ready'>;
  room: Pick<PlaceRoom, 'refusal' | 'ran'>;
  redactor: () => Redactor;
  clock: Clock;
  log: Log;
}

interface Running {
  mission: string;
  stop: AbortController;
}

export const createCalls = (parts: CallsParts): Calls => {
  const { missions, log } = parts;
  const running = new Map<string, Running>();

  return {
    run: async (call) => {
      const mission = missions.at(call.directory);
      if (!mission) return failed(noMission(call.directory));
      const key = keyOf(call);
      // Whoever sends a call again, because its connection broke, must not have it run beside itself.
      if (running.has(key)) return failed('This very call is running already. Wait for its result.');
      const stop = new AbortController();
      const abort = (): void => stop.abort();
      running.set(key, { mission: mission.mission, stop });
      if (call.signal.aborted) abort();
      else call.signal.addEventListener('abort', abort, { once: true });
      try {
        // What only reads for a prompt need not wait for what is kept of the files.
        if (call.isQuiet) return await runIn(parts, mission, call, stop.signal);
        await parts.borders.ready(mission.mission);
        return await runInRoom(parts, mission, call, stop.signal);
      } catch (error) {
        log.error('call.failed', { tool: call.tool, mission: mission.mission, error });
        return failed(whyFailed(error));
      } finally {
        call.signal.removeEventListener('abort', abort);
        running.delete(key);
      }
    },
    stop: (call) => running.get(keyOf(call))?.stop.abort(),
    cancel: (mission) => {
      const found = [...running.values()].filter((one) => one.mission === mission);
      for (const { stop } of found) stop.abort();
      return found.length;
    },
    count: () => running.size,
  };
};

const keyOf = ({ session, message, call }: Named): string => JSON.stringify([session, message, call]);

/** The same for what may write: not in a place that holds too much. */
const runInRoom = async (
  parts: CallsParts,
  mission: HandsMission,
  call: Call,
  signal: AbortSignal,
): Promise<Outcome> => {
  const place = parts.places.of(mission.owner);
  const refusal = await parts.room.refusal(place, call.tool, call.args);
  if (refusal !== null) return failed(refusal);
  const outcome = await runIn(parts, mission, call, signal);
  const note = await parts.room.ran(place);
  // A long one is cut by OpenCode where it got longer.
  if (note === null || outcome.kind !== 'done' || outcome.text.length > longTextChars) return outcome;
  return { ...outcome, text: `${outcome.text}\n\n${note}` };
};

const longTextChars = 32_000;

const runIn = async (
  { places, actors, live, asked, redactor: current, clock }: CallsParts,
  { mission, owner }: HandsMission,
  { tool, args, directory, session, message, call, agent, granted, printed, isQuiet = false }: Call,
  signal: AbortSignal,
): Promise<Outcome> => {
  const redactor = current();
  const id = keyOf({ session, message, call });
  const tell = () => ({ at: clock.now(), owner, mission, session, message, call });
  const add: Live['add'] = isQuiet ? () => undefined : live.add;
  let off = 0;
  const show = (text: string): void => {
    if (text === '') return;
    add({ type: 'output', ...tell(), off, text });
    off += text.length;
    printed(text);
  };
  const shown = redactor.stream();
  add({ type: 'begun', ...tell(), tool });
  let outcome: Outcome = failed(notAnOutcome);
  try {
    const work = { tool, args, directory, session, call, agent, granted: asked.restore(id, granted) };
    const said = await actors.call(places.of(owner), work, (text) => show(shown.push(text)), signal);
    const checked = checkedOutcome(said);
    if (checked) outcome = withoutSecrets(checked, redactor, (asks) => asked.redact(id, asks, redactor));
    return outcome;
  } finally {
    show(shown.end());
    const seen = outcome.kind === 'done' ? { title: outcome.title, view: outcome.view } : {};
    add({ type: 'ended', ...tell(), how: outcome.kind, ...seen });
  }
};

/** What leaves the hands: for models, OpenCode's database and viewers alike. */
const withoutSecrets = (outcome: Outcome, redactor: Redactor, redactAsks: (asks: Ask[]) => Ask[]): Outcome => {
  switch (outcome.kind) {
    case 'asks':
      return { kind: 'asks', asks: redactAsks(outcome.asks) };
    case 'failed':
      return failed(redactor.text(outcome.text));
    case 'done':
      return {
        ...outcome,
        title: redactor.text(outcome.title),
        text: redactor.text(outcome.text),
        view: viewWithoutSecrets(outcome.view, redactor),
        metadata: outcome.metadata && redacted(outcome.metadata, redactor),
      };
    default:
      return assertNever(outcome);
  }
};

const viewWithoutSecrets = (seen: View, redactor: Redactor): View => view.parse(redactor.deep(seen));

const failed = (text: string): Outcome => ({ kind: 'failed', text });

const noMission = (directory: string): string =>
  `Tools of Open Agent work in the directories of its missions, and ${directory} is none that they know. ` +
  'Nothing was done. Whoever runs this server can restart Open Agent, which tells them again.';

const notAnOutcome =
  'What the tool answered is not an answer that Open Agent takes, so it was thrown away. What the tool did, it did: ' +
  'look at the state of things before you try again.';

const whyFailed = (error: unknown): string => {
  if (error instanceof ActorEnded)
    return (
      `The process that runs tools on this server ${error.message} in the middle of this call, and everything that ` +
      'it had started ended with it. What was done until then is done: look at the state of things before you do it ' +
      'again. The next call starts the process anew.'
    );
  if (error instanceof ActorNotStarted)
    return `The process that runs tools can't be started on this server: ${error.message}. Nothing was done.`;
  return (
    'Open Agent failed to run the tool, and its log on the server says why. Look at the state of things before you ' +
    'try again.'
  );
};
