// `npm run fuzz`: the tests of this folder with more frames and any seed. What a run found is repeated with its seed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    frames: { type: 'string', default: '100000' },
  },
});
for (const [name, text] of Object.entries(values)) {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} takes a whole number from 1, not "${text}"`);
}

const root = join(import.meta.dirname, '..', '..');

const run = async (script: string, args: string[]): Promise<void> => {
  const env = { ...process.env, FUZZ_SEED: values.seed, FUZZ_FRAMES: values.frames };
  const child = spawn(process.execPath, [join(root, script), ...args], { cwd: root, env, stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code !== 0) process.exit(typeof code === 'number' ? code : 1);
};

process.stdout.write(
  `seed ${values.seed}, ${values.frames} frames: repeat with npm run fuzz -- --seed ${values.seed}\n`,
);
// The edge that is attacked is the built one.
await run('host-agent/launcher/bootstrap.mjs', ['build']);
await run('node_modules/vitest/vitest.mjs', ['run', '--project', 'fuzz', '--silent=false']);
