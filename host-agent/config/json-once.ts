/**
 * JSON that a person wrote, or undefined where it is not JSON (the parser's own message would quote a text that may
 * hold secrets) or where an object has the same name twice (JSON.parse would take the last one in silence).
 */
export const parseJsonOnce = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text);
    return hasTwice(text) ? undefined : value;
  } catch {
    return undefined;
  }
};

/** Strings with what makes them a name, and brackets: all that counts in a text that is known to be JSON. */
const token = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g;

const hasTwice = (json: string): boolean => {
  const open: Set<string>[] = [];
  for (const [all, string, colon] of json.matchAll(token)) {
    if (all === '{') open.push(new Set());
    else if (all === '}') open.pop();
    else if (string !== undefined && colon !== undefined) {
      const name: unknown = JSON.parse(string);
      const names = open.at(-1);
      if (typeof name !== 'string' || names?.has(name)) return true;
      names?.add(name);
    }
  }
  return false;
};
