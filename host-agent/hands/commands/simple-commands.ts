import type { Command, ParsedScript, SyntaxNode, Word, WordPart } from 'unbash';

/** One program that a line of bash would run, wherever in the line it stands. */
export interface SimpleCommand {
  /** As it is written, with assignments before it and where its output goes. */
  text: string;
  /** Its name and arguments as they are written. */
  words: string[];
  /** The same, as far as bash's own rules alone decide what they are. */
  known: KnownWord[];
}

/** What a word is before anything runs. */
export interface KnownWord {
  /** The part before the first pattern, substitution or variable, with quotes taken off. */
  begin: string;
  /** True when that is all of it. */
  isWhole: boolean;
  /** What comes after `begin` is a pattern for names of files, which can't leave the directory that `begin` is in. */
  isPattern: boolean;
}

/**
 * What a line of bash would run: each simple command, those in substitutions, functions and here-documents included.
 * Null for a line that is no bash, or is nested deeper than anybody reads.
 */
export const simpleCommands = async (line: string, home: string): Promise<SimpleCommand[] | null> => {
  // 120 KB that only commands with rules need.
  const { forEachChild, parse } = await import('unbash');
  const found: SimpleCommand[] = [];
  let isBash = true;
  const visit = (node: SyntaxNode, source: string): void => {
    const inner = node.type === 'Script' ? (node.source ?? source) : source;
    if (node.type === 'Script' && (node.errors?.length ?? 0) > 0) isBash = false;
    if (node.type === 'Command') found.push(simpleCommand(node, inner, home));
    forEachChild(node, (child) => visit(child, inner));
  };
  try {
    const script: ParsedScript = parse(line);
    visit(script, line);
  } catch {
    return null; // So deep that no stack holds it.
  }
  return isBash ? found : null;
};

const simpleCommand = (command: Command, source: string, home: string): SimpleCommand => {
  const args = command.args.flatMap((arg) => (arg.type === 'Word' ? [arg] : []));
  const words = command.name ? [command.name, ...args] : args;
  return {
    text: source.slice(command.pos, command.end).trim(),
    words: words.map(({ text }) => text),
    known: words.map((word) => knownWord(word, home)),
  };
};

const knownWord = (word: Word, home: string): KnownWord => {
  // What is known of a text in quotes is its beginning too: "/$X" begins with a slash.
  const parts: readonly WordPart[] = (word.parts ?? []).flatMap((part): readonly WordPart[] =>
    part.type === 'DoubleQuoted' ? [{ ...part, parts: [] }, ...part.parts] : [part],
  );
  if (parts.length === 0) return { begin: fromHome(word.text, word.value, home), isWhole: true, isPattern: false };
  let begin = '';
  for (const [at, part] of parts.entries()) {
    const value = textOfPart(part, home);
    if (value === null) {
      const isPattern = part.type === 'Glob' || part.type === 'ExtendedGlob' || part.type === 'BraceExpansion';
      return { begin, isWhole: false, isPattern };
    }
    begin += at === 0 && part.type === 'Literal' ? fromHome(part.text, value, home) : value;
  }
  return { begin, isWhole: true, isPattern: false };
};

/** Null for what only running tells. */
const textOfPart = (part: WordPart, home: string): string | null => {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return part.value;
    case 'DoubleQuoted': {
      const values = part.parts.map((inner) => textOfPart(inner, home));
      return values.includes(null) ? null : values.join('');
    }
    case 'SimpleExpansion':
      return part.text === '$HOME' ? home : null;
    case 'ParameterExpansion':
      return part.text === '$' + '{HOME}' ? home : null;
    default:
      return null;
  }
};

/** Only an unquoted tilde at the beginning is one. */
const fromHome = (text: string, value: string, home: string): string =>
  /^~(\/|$)/.test(text) ? home + value.slice(1) : value;
