/**
 * Models write `\n`; files may have `\r\n`, everywhere or here and there. So a text is looked at with `\n` alone, and
 * what was found in it is put back to where it is in the file.
 */
export interface PlainText {
  /** The text with `\n` alone. */
  plain: string;
  /** Where a position of `plain` is in the original. */
  original(position: number): number;
  /** A text of a model in the line ends of the file: those that most of its lines have. */
  inItsWay(text: string): string;
}

export const plainText = (text: string): PlainText => {
  // Positions in `plain` of the line ends that lost their `\r`.
  const lost: number[] = [];
  for (let at = text.indexOf('\r\n'); at !== -1; at = text.indexOf('\r\n', at + 2)) lost.push(at - lost.length);
  const plain = lost.length === 0 ? text : text.replaceAll('\r\n', '\n');
  const lineEnds = plain.split('\n').length - 1;
  const isWindows = lost.length > lineEnds / 2;
  return {
    plain,
    original: (position) => position + countBelow(lost, position),
    inItsWay: (given) => {
      const bare = given.replaceAll('\r\n', '\n');
      return isWindows ? bare.replaceAll('\n', '\r\n') : bare;
    },
  };
};

/** How many of the ascending `numbers` are below `limit`. */
const countBelow = (numbers: readonly number[], limit: number): number => {
  let from = 0;
  let to = numbers.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((numbers[middle] ?? 0) < limit) from = middle + 1;
    else to = middle;
  }
  return from;
};
