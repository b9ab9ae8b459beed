/** Writes what a page says in the order in which it says it. Each call takes the same time however long the page is. */
export interface Writing {
  text(text: string): void;
  /** A paragraph ends here, or a line. */
  block(): void;
  line(): void;
  heading(level: number): void;
  rule(): void;
  /** Emphasis and the like, from here to `unmark`. */
  mark(mark: string): void;
  unmark(mark: string): void;
  link(href: string): void;
  unlink(): void;
  image(alt: string, src: string): void;
  /** Lines as they are, from here to `uncode`; the language of them may be told before the first. */
  code(language: string): void;
  language(language: string): void;
  uncode(): void;
  quote(): void;
  unquote(): void;
  /** `first` numbers the items. */
  list(first: number | null): void;
  unlist(): void;
  item(): void;
  unitem(): void;
  row(): void;
  unrow(): void;
  cell(): void;
  uncell(): void;
  done(): string;
}

/** What is nested deeper is shown as if it were not: its indentation would be longer than its text. */
const maxDepth = 12;

interface Level {
  /** Of each line but the first. */
  indent: string;
  /** Of the first line, until that is written. */
  bullet: string | null;
}

export const writing = (asMarkdown: boolean): Writing => {
  const out: string[] = [];
  /** Written before the next text: so many line ends, a space, marks that begin there. */
  let ends = 0;
  let space = false;
  const begins: string[] = [];
  const marks = new Map<string, number>();
  const levels: Level[] = [];
  const lists: { next: number | null }[] = [];
  let tooDeep = 0;
  let link: string | null = null;
  let linkDepth = 0;
  let inCode = 0;
  /** What comes before the first line of code, until that is written. */
  let fence: string | null = null;
  let cells = 0;
  let openCells = 0;
  let rows = 0;

  const only = (markdown: string) => (asMarkdown ? markdown : '');
  const lineStart = (): string =>
    levels
      .map((level) => {
        const { indent, bullet } = level;
        level.bullet = null;
        return bullet ?? indent;
      })
      .join('');
  const lineEnd = (count: number) => {
    if (openCells > 0 || cells > 0) space = true;
    else ends = Math.max(ends, count);
  };
  const put = (text: string) => {
    if (out.length === 0 || ends > 0) {
      const blank = levels
        .map(({ indent }) => indent)
        .join('')
        .trimEnd();
      if (out.length > 0) out.push('\n', ...Array<string>(ends - 1).fill(`${blank}\n`));
      out.push(lineStart());
    } else if (space) out.push(' ');
    ends = 0;
    space = false;
    if (begins.length > 0) out.push(begins.splice(0).join(''));
    out.push(text);
  };
  const putFence = () => {
    if (fence === null) return;
    ends = Math.max(ends, 1);
    const written = fence;
    fence = null;
    put(written);
    ends = 1;
  };
  const enter = (level: Level) => {
    if (levels.length < maxDepth) levels.push(level);
    else tooDeep++;
  };
  const leave = () => {
    if (tooDeep > 0) tooDeep--;
    else levels.pop();
  };

  return {
    text: (text) => {
      if (inCode > 0) {
        putFence();
        // Each line of code stands below what it belongs to.
        for (const [at, line] of text.split('\n').entries()) {
          if (at > 0) ends += 1;
          if (line !== '') put(line);
        }
        return;
      }
      const words = text.replace(/\s+/g, ' ');
      const trimmed = words.trim();
      if (words.startsWith(' ')) space = true;
      if (trimmed === '') return;
      put(cells > 0 && asMarkdown ? trimmed.replaceAll('|', '\\|') : trimmed);
      space = words.endsWith(' ');
    },
    block: () => lineEnd(levels.length > 0 ? 1 : 2),
    line: () => lineEnd(1),
    heading: (level) => {
      if (asMarkdown && cells === 0) begins.push(`${'#'.repeat(level)} `);
    },
    rule: () => {
      if (cells > 0) return;
      if (asMarkdown) put('---');
      lineEnd(2);
    },
    mark: (mark) => {
      const count = marks.get(mark) ?? 0;
      marks.set(mark, count + 1);
      if (count === 0 && asMarkdown && inCode === 0) begins.push(mark);
    },
    unmark: (mark) => {
      const count = marks.get(mark) ?? 0;
      if (count === 0) return;
      marks.set(mark, count - 1);
      if (count > 1 || !asMarkdown || inCode > 0) return;
      const unused = begins.lastIndexOf(mark);
      if (unused === -1) out.push(mark);
      else begins.splice(unused, 1);
    },
    link: (href) => {
      linkDepth++;
      if (linkDepth > 1 || !asMarkdown || inCode > 0 || /^(#|javascript:|data:)|^$/i.test(href)) return;
      link = href;
      begins.push('[');
    },
    unlink: () => {
      linkDepth = Math.max(0, linkDepth - 1);
      if (linkDepth > 0 || link === null) return;
      const unused = begins.lastIndexOf('[');
      if (unused === -1) out.push(`](${link.trim().replace(/[\s()]/g, encodeURIComponent)})`);
      else begins.splice(unused, 1);
      link = null;
    },
    image: (alt, src) => {
      const said = alt.replace(/\s+/g, ' ').trim();
      if (!asMarkdown || src === '' || /^data:/i.test(src)) return said ? put(said) : undefined;
      put(`![${said}](${src.trim().replace(/\s/g, encodeURIComponent)})`);
    },
    code: (language) => {
      inCode++;
      if (inCode > 1 || !asMarkdown || cells > 0) return;
      fence = `\`\`\`${language}`;
    },
    language: (language) => {
      if (fence === '```') fence += language;
    },
    uncode: () => {
      if (inCode === 0) return;
      putFence();
      inCode--;
      if (inCode > 0 || !asMarkdown || cells > 0) return;
      ends = 1;
      put('```');
    },
    quote: () => enter({ indent: only('> '), bullet: null }),
    unquote: leave,
    list: (first) => void lists.push({ next: first }),
    unlist: () => void lists.pop(),
    item: () => {
      lineEnd(1);
      const list = lists.at(-1);
      const bullet = list?.next == null ? '- ' : `${list.next++}. `;
      enter({ indent: ' '.repeat(bullet.length), bullet });
    },
    unitem: () => {
      leave();
      lineEnd(1);
    },
    row: () => {
      if (openCells > 0) return; // A table in a cell is shown as a part of its text.
      cells = 0;
      lineEnd(1);
    },
    cell: () => {
      openCells++;
      if (openCells > 1) return;
      space = cells > 0;
      if (asMarkdown) put('|');
      cells++;
      space = true;
    },
    uncell: () => {
      openCells = Math.max(0, openCells - 1);
      space = true;
    },
    unrow: () => {
      if (openCells > 0 || cells === 0) return;
      const count = cells;
      if (asMarkdown) put('|');
      cells = 0;
      lineEnd(1);
      rows++;
      if (asMarkdown && rows === 1) {
        put(`|${' --- |'.repeat(Math.min(count, maxColumns))}`);
        lineEnd(1);
      }
    },
    done: () => out.join('').trim(),
  };
};

/** A row of more says nothing as a table. */
const maxColumns = 100;
