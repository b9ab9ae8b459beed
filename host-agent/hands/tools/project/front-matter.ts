/** Of a Markdown file what stands between its first two lines of dashes, as far as it is needed: `name: text` lines. */
export interface FrontMatter {
  fields: Readonly<Record<string, string>>;
  body: string;
}

/** A text without front matter is all body. Of YAML it knows plain, quoted and folded (`>`, `|`) texts. */
export const frontMatter = (text: string): FrontMatter => {
  const found = /^---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text);
  if (!found) return { fields: {}, body: text };
  const fields: Record<string, string> = {};
  const lines = (found[1] ?? '').split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const [, name, said = ''] = /^([\w-]+):[ \t]*(.*)$/.exec(lines[at] ?? '') ?? [];
    if (name === undefined) continue;
    const further: string[] = [];
    while (/^[ \t]+\S|^$/.test(lines[at + 1] ?? 'x')) further.push((lines[++at] ?? '').trim());
    const isBlock = /^[>|][+-]?$/.test(said.trim());
    fields[name] = isBlock ? further.join(' ').trim() : [unquoted(said.trim()), ...further].join(' ').trim();
  }
  return { fields, body: text.slice(found[0].length) };
};

const unquoted = (text: string): string =>
  /^"(?:[^"\\]|\\.)*"$/.test(text) || /^'(?:[^']|'')*'$/.test(text) ? text.slice(1, -1) : text;
