/**
 * What a model wrote, in the way of the place where it was found: a model that left out four spaces of every old line
 * has left them out of the new ones as well, and empty lines around the old text that are not in the file are none of
 * the new.
 */
export const fitted = (found: string, wanted: string, replacement: string): string => {
  const lead = /^\s*\n/.test(found) ? '' : (/^\s*\n/.exec(wanted)?.[0] ?? '');
  const tail = /\n\s*$/.test(found) ? '' : (/\n\s*$/.exec(wanted)?.[0] ?? '');
  const inner = (text: string): string => {
    const begun = text.startsWith(lead) ? text.slice(lead.length) : text;
    return tail !== '' && begun.endsWith(tail) ? begun.slice(0, -tail.length) : begun;
  };
  return reindented(found, inner(wanted), inner(replacement));
};

const reindented = (found: string, wanted: string, replacement: string): string => {
  const own = indentations(found);
  const said = indentations(wanted);
  if (own.length !== said.length) return replacement;
  const change = changeOf(own, said);
  if (!change) return replacement;
  const { lacking, surplus } = change;
  const lines = replacement.split('\n');
  // Taking away is only right where everything has it.
  if (!lines.every((line) => line.trim() === '' || line.startsWith(surplus))) return replacement;
  return lines.map((line) => (line.trim() === '' ? line : lacking + line.slice(surplus.length))).join('\n');
};

/** Of the lines that are not empty. */
const indentations = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => /^\s*/.exec(line)?.[0] ?? '');

/** The same for every line, or null: what has to be put before it, and what taken away. */
const changeOf = (own: readonly string[], said: readonly string[]): { lacking: string; surplus: string } | null => {
  const first = own[0] ?? '';
  const firstSaid = said[0] ?? '';
  const change = first.endsWith(firstSaid)
    ? { lacking: first.slice(0, first.length - firstSaid.length), surplus: '' }
    : firstSaid.endsWith(first)
      ? { lacking: '', surplus: firstSaid.slice(0, firstSaid.length - first.length) }
      : null;
  if (!change || (change.lacking === '' && change.surplus === '')) return null;
  const isSame = own.every(
    (indentation, index) => indentation === change.lacking + (said[index] ?? '').slice(change.surplus.length),
  );
  return isSame ? change : null;
};
