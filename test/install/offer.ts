// What an edge offers to its servers, changed while it runs: its files are read at each request.
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import * as z from 'zod';

const packageFacts = z.object({ version: z.string(), sha256: z.string(), size: z.number() });
export type PackageFacts = z.infer<typeof packageFacts>;

/** The package that the edge with its state below `workingDir` serves. */
export const offerOf = (workingDir: string) => {
  const directory = join(workingDir, '.openagent', 'edge', 'bundle', 'assets', 'api', 'agent');
  const [tarball, facts] = [join(directory, 'package.tgz'), join(directory, 'package.json')];
  const read = (): PackageFacts => packageFacts.parse(JSON.parse(readFileSync(facts, 'utf8')));
  return {
    read,
    /** Names other facts about the package than are true. */
    lie: (lie: Partial<PackageFacts>): void => writeFileSync(facts, JSON.stringify({ ...read(), ...lie })),
    /** Serves the same package as another version. */
    renumber: async (version: string): Promise<void> => {
      const work = mkdtempSync(join(tmpdir(), 'openagent-offer-'));
      try {
        const old = read().version;
        await execa('tar', ['xzf', tarball, '-C', work]);
        const content = join(work, 'package');
        for (const name of readdirSync(content, { recursive: true, encoding: 'utf8' })) {
          if (!/\.(js|json)$/.test(name)) continue;
          const path = join(content, name);
          const text = readFileSync(path, 'utf8');
          writeFileSync(
            path,
            text
              .replace(`version: "${old}"`, `version: "${version}"`)
              .replace(`"version": "${old}"`, `"version": "${version}"`),
          );
        }
        const fresh = join(work, 'fresh.tgz');
        await execa('tar', ['czf', fresh, '-C', work, 'package']);
        const bytes = readFileSync(fresh);
        cpSync(fresh, tarball);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        writeFileSync(facts, JSON.stringify({ version, sha256, size: bytes.length }));
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    },
  };
};
