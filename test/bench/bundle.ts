import { randomUUID } from 'node:crypto';
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import * as z from 'zod';
import { packageRoot } from '../../host-agent/launcher/package-root.ts';

const binding = z.object({ name: z.string(), class_name: z.string() });
const edgeFacts = z.looseObject({
  durable_objects: z.looseObject({ bindings: z.array(binding) }),
  migrations: z.array(z.looseObject({ tag: z.string(), new_sqlite_classes: z.array(z.string()) })),
});

/**
 * A copy of the built Worker with an entry of the bench's around it: `with-minimal` adds baselines, `with-meter`
 * counts, `with-held` reads the clock. The built code itself stays as it is, in `shipped.js`.
 */
export const benchBundle = async (
  entry: 'with-minimal' | 'with-meter' | 'with-held',
): Promise<{ dir: string; remove(): void }> => {
  const root = packageRoot();
  const dir = join(root, '.wrangler', `bench-${randomUUID()}`);
  cpSync(join(root, 'dist', 'worker'), dir, { recursive: true });
  renameSync(join(dir, 'index.js'), join(dir, 'shipped.js'));
  await build({
    entryPoints: [join(import.meta.dirname, 'worker', `${entry}.ts`)],
    outfile: join(dir, 'index.js'),
    bundle: true,
    format: 'esm',
    target: 'es2024',
    external: ['./shipped.js', 'cloudflare:workers'],
    logLevel: 'warning',
  });
  if (entry === 'with-minimal') {
    const facts = edgeFacts.parse(JSON.parse(readFileSync(join(dir, 'edge.json'), 'utf8')));
    facts.durable_objects.bindings.push(
      { name: 'MINIMAL', class_name: 'Minimal' },
      { name: 'KEEPING', class_name: 'Keeping' },
    );
    facts.migrations.push({ tag: 'bench', new_sqlite_classes: ['Minimal', 'Keeping'] });
    writeFileSync(join(dir, 'edge.json'), JSON.stringify(facts));
  }
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
};
