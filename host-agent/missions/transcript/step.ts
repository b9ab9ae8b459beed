import type { AssistantMessage } from '../../opencode/api/events.ts';
import { isAbort } from './error-text.ts';
import type { AssistantView, Content, Series, Translation } from './translation.ts';

/**
 * `finish` with which OpenCode asks the model again. It does so also where there is no tool call whose result it could
 * bring, and `unknown` is what it makes of every answer without an end it knows: a web page, nothing, text without
 * `finish_reason`, a reason of the provider's own (measured with OpenCode 1.18, docs/opencode-bugs.md).
 */
const goesOn: ReadonlySet<string> = new Set(['tool-calls', 'unknown']);

/**
 * The answer that ends a turn, as far as OpenCode goes: it asks again after a tool call, whatever the provider's
 * `finish` is.
 */
export const isFinal = ({ last, content }: { last: AssistantMessage; content: ReadonlySet<Content> }): boolean =>
  last.finish !== undefined && !goesOn.has(last.finish) && !content.has('tool');

/**
 * A step that is over and brought neither a tool call nor an end nor an error: nothing that could make the next one
 * different.
 */
const isFruitless = ({ last, content }: AssistantView): boolean =>
  last.time.completed !== undefined &&
  last.error === undefined &&
  last.finish !== undefined &&
  goesOn.has(last.finish) &&
  !content.has('tool');

/**
 * It is complete, and everything it brought was told before. The message alone does not say so: under load already its
 * first event in the stream has the end that it will have (docs/opencode-bugs.md, 7). Its `finish` comes of a step's
 * end, and one without `finish`, or with an error, has brought what it has.
 */
const isOver = ({ last, hasEnd }: AssistantView): boolean =>
  last.time.completed !== undefined && (hasEnd || last.finish === undefined || last.error !== undefined);

/**
 * Counts a step when it is complete. Out: the series, when a person has to be told of its first step. A step with a
 * kind of content that the series did not have begins it anew, since the model came further; a tool call, an end or an
 * error ends it. An abort is nobody's answer, and says nothing. A function of OpenCode's stored events alone: a replay
 * counts the same.
 */
export const countStep = (state: Translation, assistant: AssistantView): Series | null => {
  if (assistant.counted || !isOver(assistant)) return null;
  assistant.counted = true;
  const { session, turn, last, content } = assistant;
  const before = state.series.get(session);
  const known = before?.turn === turn ? before : null;
  if (!isFruitless(assistant)) {
    if (known && !(last.error && isAbort(last.error))) Object.assign(known, { count: 0, content: new Set() });
    return null;
  }
  const isNewKind = known !== null && [...content].some((kind) => !known.content.has(kind));
  const series: Series = {
    session,
    turn,
    count: known === null || isNewKind ? 1 : known.count + 1,
    content: new Set([...(known?.content ?? []), ...content]),
    last,
    told: true,
  };
  state.series.set(session, series);
  return known === null || !known.told ? series : null;
};

/** The longest series of a turn now, in any session of its tree; null when its last steps were all fruitful. */
export const seriesOf = (state: Translation, turn: AssistantView['turn']): Series | null => {
  const all = [...state.series.values()].filter((series) => series.turn === turn && series.count > 0);
  return all.sort((a, b) => b.count - a.count)[0] ?? null;
};
