import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writePrivateFile } from '../../process/private-file.ts';
import { textOfFile } from '../../process/text-file.ts';

/**
 * With OPENCODE_PERMISSIVE nothing asks for a permission: what would by default (paths outside the workspace, the same
 * call three times, `.env` files) is allowed, as bash does the same without asking. Each is named, because config rules
 * come after those of the built-in agents: `*` would let `plan` and `explore` edit (measured). What another config lets
 * ask is allowed when it does.
 */
const permissivePermission = { external_directory: 'allow', doom_loop: 'allow', read: 'allow' } as const;

/**
 * Writes OpenCode's global config, unless a person has changed it since: then theirs is kept and the result is false.
 * `$schema` is there because OpenCode rewrites files without it. Nothing of ours looks at OpenCode's snapshots, which
 * start git several times a step and expire after seven days.
 */
export const writeGlobalConfig = async (
  directory: string,
  { disabledProviders, permissive }: { disabledProviders: readonly string[]; permissive: boolean },
): Promise<boolean> => {
  const path = join(directory, 'opencode.json');
  const record = join(directory, '.written-by-openagent');
  const [present, written = ''] = await Promise.all([textOfFile(path), textOfFile(record)]);
  if (present !== undefined && !written.includes(digest(present))) return false;
  const config = {
    $schema: 'https://opencode.ai/config.json',
    share: 'disabled',
    autoupdate: false,
    snapshot: false,
    ...(permissive ? { permission: permissivePermission } : {}),
    ...(disabledProviders.length === 0 ? {} : { disabled_providers: disabledProviders }),
  };
  const text = `${JSON.stringify(config, null, 2)}\n`;
  if (text === present) return true;
  // The record goes first and keeps what it had, so that after a crash between the two either file is known as ours.
  if (!written.includes(digest(text))) await writePrivateFile(record, `${written}${digest(text)}\n`);
  await writePrivateFile(path, text);
  return true;
};

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
