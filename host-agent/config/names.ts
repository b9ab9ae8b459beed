import { nearest } from './nearest.ts';
import { StartError } from './start-error.ts';
import { variableNames } from './variable-names.ts';
import { providerVariable, unusedVariables } from './variables.ts';

/**
 * Throws StartError for the first name that looks like a setting of Open Agent and is not one: a mistyped setting must
 * not be silently without effect. `where` ends the sentence, `ours` says which names are meant for us.
 */
export const rejectUnknown = (names: string[], where: string, ours: (name: string) => boolean): void => {
  const unknown = names.find((name) => ours(name) && !isKnown(name));
  if (unknown === undefined) return;
  const close = nearest(unknown, [...variableNames, ...ownNames]);
  const hint = close ? `Did you mean ${close}?` : '`openagent up --help` lists every variable.';
  // A name that is like none of our settings may be a piece of a key that was pasted over several lines.
  const shown = close || /^[A-Z]+(_[A-Z]+)+$/.test(unknown) ? unknown : 'A name';
  throw new StartError(`${shown} ${where} is not a variable of Open Agent. ${hint}`);
};

/** Accepted for the sake of existing installations, without effect in this version. */
export const isUnused = (name: string): boolean => unusedVariables.some((pattern) => pattern.test(name));

/** Read by us, and not settings of a start. */
const ownNames = ['OPENAGENT_CONFIG', 'OPENAGENT_PASSWORD'];

/** A name that is ours to read, or that OpenCode or a provider reads. */
export const isKnown = (name: string): boolean =>
  variableNames.some((known) => known === name) ||
  ownNames.includes(name) ||
  name.startsWith('OPENCODE_') ||
  isUnused(name) ||
  providerVariable.test(name);
