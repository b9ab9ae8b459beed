// One measured number beside the baseline of the same run, and the aim it is held against.

export interface Figure {
  section: string;
  name: string;
  value: number;
  unit: string;
  /** What the same run measured without Open Agent's part, in the same unit. */
  baseline: { name: string; value: number } | null;
  /** The number that is held against the aim: the value itself, or its share of the baseline. */
  aim: { text: string; met: boolean } | null;
  /** What the reader has to know to read it right. */
  note?: string;
}

/** Where sections put their figures; each is shown as soon as it is there. */
export type Report = (figure: Omit<Figure, 'section'>) => void;

export const atMost = (value: number, limit: number, unit: string): Figure['aim'] => ({
  text: `≤ ${round(limit)} ${unit}`.trim(),
  met: value <= limit,
});

export const atLeastShare = (value: number, baseline: number, share: number): Figure['aim'] => ({
  text: `≥ ${Math.round(share * 100)} % of baseline`,
  met: value >= baseline * share,
});

export const atMostTimes = (value: number, baseline: number, times: number): Figure['aim'] => ({
  text: `≤ ${times} × baseline`,
  met: value <= baseline * times,
});

/** Three significant digits: more would be noise. */
export const round = (value: number): string => {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
};

const verdict = (aim: Figure['aim']): string => (aim === null ? '' : aim.met ? 'met' : 'MISSED');

/** One figure, as it is told when it is measured. */
export const line = ({ name, value, unit, baseline, aim, note }: Figure): string =>
  [
    `${name}: ${round(value)} ${unit}`,
    ...(baseline === null ? [] : [`beside ${round(baseline.value)} ${baseline.name}`]),
    ...(aim === null ? [] : [`aim ${aim.text}: ${verdict(aim)}`]),
    ...(note === undefined ? [] : [`(${note})`]),
  ].join(', ');

/** The summary people read: one line for each figure. */
export const table = (figures: readonly Figure[]): string => {
  const head = ['section', 'figure', 'value', 'baseline (same run)', 'ratio', 'aim', ''];
  const rows = figures.map(({ section, name, value, unit, baseline, aim }) => [
    section,
    name,
    `${round(value)} ${unit}`,
    baseline === null ? '–' : `${round(baseline.value)} ${baseline.name}`,
    baseline === null || baseline.value === 0 ? '–' : round(value / baseline.value),
    aim?.text ?? '–',
    verdict(aim),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = [head, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  const notes = figures.flatMap(({ name, note }) => (note === undefined ? [] : [`  ${name}: ${note}`]));
  return [...lines.map((line) => line.trimEnd()), '', ...notes].join('\n');
};
