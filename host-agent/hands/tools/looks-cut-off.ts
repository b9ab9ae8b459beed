import { extname } from 'node:path';

/** What in `content` looks as if its end were missing, for a warning to the model that wrote it; nothing, usually. */
export const looksCutOff = (path: string, content: string): string[] => {
  const end = content.trimEnd();
  const lastLine = end.slice(end.lastIndexOf('\n') + 1).trim();
  const warnings: string[] = [];
  if (
    /^(\/\/|#|\/\*|<!--|--|;)?\s*(\.{3}|…)?\s*\(?(rest|remaining|remainder)\b.*\b(code|file|content|unchanged)/i.test(
      lastLine,
    )
  )
    warnings.push(`its last line stands for content that is not there: "${lastLine.slice(0, 80)}"`);
  else if (/(\.{3}|…)$/.test(lastLine) && /^(\/\/|#|\/\*|<!--|--|;)/.test(lastLine))
    warnings.push(`it ends with "${lastLine.slice(-80)}"`);
  if (extname(path) === '.json' && !isJson(content)) warnings.push('it is no valid JSON');
  else if (!content.endsWith('\n') && /[{([,=+]$/.test(end))
    warnings.push(`it ends in the middle, with "${end.slice(-1)}"`);
  if (extname(path) === '.md' && (content.match(/^```/gm)?.length ?? 0) % 2 === 1)
    warnings.push('a block of code (```) has no end');
  return warnings;
};

/** Settings of many tools have comments and commas at the end. */
const isJson = (content: string): boolean => {
  try {
    JSON.parse(content.replace(/^\s*\/\/.*$/gm, '').replace(/,(\s*[}\]])/g, '$1'));
    return true;
  } catch {
    return false;
  }
};
