import type { AssistantMessage } from '../../opencode/api/events.ts';
import type { Content, Series } from './translation.ts';

const modelOf = ({ providerID, modelID }: AssistantMessage): string => `${providerID}/${modelID}`;

/** What came, as far as OpenCode stores it: of an answer that it does not understand, it keeps nothing. */
const whatCame = ({ finish }: AssistantMessage, content: ReadonlySet<Content>): string => {
  if (finish === 'tool-calls') return 'says that it calls a tool, and has no tool call in it';
  if (content.has('text')) return 'has text, but no end (`finish_reason`) that OpenCode knows';
  if (content.has('reasoning')) return 'has thoughts only, and no end (`finish_reason`) that OpenCode knows';
  return 'has no text, no tool call and no end in it, as when a login or error page is sent in place of it';
};

const whatToCheck =
  "Check the provider's base URL, any proxy in between, and the model; OpenCode keeps no more of such an answer.";

/** Who asked the model. */
const who = (isSubAgents: boolean): string => (isSubAgents ? "A sub-agent's model" : 'The model');

/** For people, at the first step that brings nothing. */
export const fruitlessText = ({ last, content }: Series, isSubAgents: boolean): string =>
  `${who(isSubAgents)} ${modelOf(last)} sent an answer that ${whatCame(last, content)}. OpenCode asks it again. ${whatToCheck}`;

/** For people, when the turn is stopped after `series.count` such steps in a row. */
export const repeatedText = ({ last, content, count }: Series, isSubAgents: boolean): string =>
  `Stopped: ${who(isSubAgents).replace(/^The/, 'the').replace(/^A/, 'a')} ${modelOf(last)} sent ${count} ` +
  `${count === 1 ? 'answer' : 'answers in a row'}, and the last ${whatCame(last, content)}. ${whatToCheck}`;

const resumeHint = 'Resume the mission to let it go on.';

/**
 * What is missing in an answer after which OpenCode asked no more; null when it is whole: the model ended it, and said
 * something.
 */
export const blockedText = (
  last: AssistantMessage,
  content: ReadonlySet<Content>,
  hasAnswer: boolean,
): string | null => {
  const said = hasAnswer ? 'cut off' : 'ended, before it said anything,';
  switch (last.error?.name === 'MessageOutputLengthError' ? 'length' : last.finish) {
    case 'length':
      return `The answer was ${said} by the model's token limit. ${resumeHint}`;
    case 'content-filter':
      return `The answer was ${said} by the provider's content filter. Say it in other words, or take another model.`;
    case 'stop':
      break;
    case 'tool-calls':
    case 'unknown':
    case undefined:
      return `The model's last answer ${whatCame(last, content)}. ${whatToCheck}`;
    default:
      return `The answer ended for a reason (${last.finish}) that is no end of its own. ${resumeHint}`;
  }
  if (content.has('tool'))
    return `The model ended its answer with a tool call, and never saw the result. ${resumeHint}`;
  if (hasAnswer) return null;
  return content.has('reasoning')
    ? `The model ended its answer after thinking, without saying anything. ${resumeHint}`
    : `The model's answer was empty. ${resumeHint}`;
};
