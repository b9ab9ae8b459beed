import { variableNames } from './variable-names.ts';
import { variableDocs, variables } from './variables.ts';

export interface TableRow {
  name: string;
  default: string;
  meaning: string;
}

/** Rows that stand for names, not for values of ours. */
const furtherRows: readonly TableRow[] = [
  {
    name: 'OPENCODE_*',
    default: 'none',
    meaning: 'Any other variable of OpenCode is passed on to it.',
  },
  {
    name: 'OPENAGENT_CONFIG',
    default: '`{WORKING_DIR}/.openagent/openagent.env`',
    meaning: 'File with `NAME=value` lines of the variables above; the environment wins over it.',
  },
];

/** Every documented variable with default and meaning (Markdown inline code included), in table order. */
export const tableRows = (): TableRow[] => [
  ...variableNames.map((name) => {
    const doc = variableDocs.get(variables.shape[name]);
    if (!doc) throw new Error(`${name} has no row in the configuration table`);
    return { name, default: doc.default, meaning: doc.meaning };
  }),
  ...furtherRows,
];

/** The configuration table of docs/configuration.md, as Markdown. */
export const markdownTable = (): string =>
  [
    '| Variable | Default | Meaning |',
    '|---|---|---|',
    ...tableRows().map((row) => `| \`${row.name}\` | ${row.default} | ${row.meaning} |`),
  ].join('\n');

/** The same table for a terminal: name, default, and the meaning on a line below. */
export const terminalTable = (): string =>
  tableRows()
    .map((row) => `  ${row.name}  (default: ${plain(row.default)})\n      ${plain(row.meaning)}`)
    .join('\n');

const plain = (markdown: string) => markdown.replaceAll('`', '');
