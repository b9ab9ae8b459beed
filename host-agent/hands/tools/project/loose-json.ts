/**
 * JSON as people write it into settings: with comments, and commas behind the last entry. Undefined where it is none.
 */
export const looseJson = (text: string): unknown => {
  // A string is kept as it is; a comment goes, and so does a comma with nothing but these up to a closing bracket.
  const bare = text.replace(
    /("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_all, string: string | undefined) => string ?? '',
  );
  const plain = bare.replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])/g, (_all, string: string | undefined) => string ?? '');
  try {
    return JSON.parse(plain);
  } catch {
    return undefined;
  }
};
